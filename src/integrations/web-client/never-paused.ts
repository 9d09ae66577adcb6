import type { Dispatcher } from "undici";

type Controller = Dispatcher.DispatchController;

/**
 * An answer whose connection closes behind it is taken as fast as it comes, and buffered as far as its reader lags behind
 * (at most the question's `maxBytes`, then the reader leaves). undici 7 pauses its parser for a slow reader, and a
 * connection that the other side ends meanwhile fails an assertion inside a socket's event, which nobody can catch: the
 * process dies (https://github.com/nodejs/undici/issues/5360; mended in undici 8, which Node 20 cannot run). Proxies that
 * speak HTTP/1.0 and servers that say `Connection: close` do just that. Chunked answers that keep the connection are paused
 * as ever: Go's are, beyond 2 KiB.
 */
export function neverPausedAtTheEnd(dispatch: Dispatcher["dispatch"]): Dispatcher["dispatch"] {
  return (options, handler) => {
    let mayPause = false;
    return dispatch(options, {
      onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
      onRequestUpgrade: (...answer) => handler.onRequestUpgrade?.(...answer),
      onResponseStart(controller, status, headers, text) {
        const chunked = /\bchunked\b/i.test(String(headers["transfer-encoding"]));
        mayPause = chunked && !/\bclose\b/i.test(String(headers.connection));
        handler.onResponseStart?.(controller, status, headers, text);
      },
      onResponseData(controller, chunk) {
        handler.onResponseData?.(mayPause ? controller : unpaused(controller), chunk);
      },
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
    });
  };
}

function unpaused(controller: Controller): Controller {
  return {
    get aborted() {
      return controller.aborted;
    },
    get paused() {
      return false;
    },
    get reason() {
      return controller.reason;
    },
    abort: (reason) => controller.abort(reason),
    pause() {},
    resume() {},
  };
}
