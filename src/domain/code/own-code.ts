import { type Frame, packagePath } from "./frame.ts";

/** Tells the service's own code from the standard library and from dependencies. */
export interface OwnCode {
  isOwn(frame: Frame): boolean;
  isStandardLibrary(frame: Frame): boolean;
}

/**
 * First path elements of standard library packages (`go list std`, Go 1.19 to 1.27). Import paths of other
 * modules start with a domain name, or are a private module's name that is looked up by file instead.
 */
const standardRoots = new Set(
  (
    "archive arena bufio bytes cmp compress container context crypto database debug embed encoding errors expvar " +
    "flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp " +
    "runtime simd slices sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak"
  ).split(" "),
);

/**
 * Nothing but libraries is published below these. It tells them where no path does: in a GOPATH they lie beside the
 * service, in one tree.
 */
const libraryPath =
  /^(?:golang\.org\/x|google\.golang\.org|gopkg\.in|go\.uber\.org|go\.opentelemetry\.io|cloud\.google\.com\/go)\//;

/** Where Bazel puts other repositories; a folder of the service may be called `external` as well. */
const bazelDependency = /^external\/|\/execroot\/[^/]+\/external\//;

/** By its import path alone: a service of that name would be taken for the standard library. */
export function hasStandardName(symbol: string): boolean {
  const path = packagePath(symbol);
  const slash = path.indexOf("/");
  return standardRoots.has(slash === -1 ? path : path.slice(0, slash));
}

/** A path, and a function or method in it: `[libc.so.6]` and `std::rt::lang_start` are none. */
const isGoSymbol = /^[\w./~%-]+\.(?:\(\*?\w+(?:\[.*\])?\)\.)?\w/;
/** Modules that most services use, beside those of `libraryPath`: some are services as well, so their files tell first. */
const wellKnownDependency =
  /^(?:go\.(?:etcd|mongodb)\.(?:org|io)|k8s\.io|sigs\.k8s\.io|gorm\.io|github\.com\/(?:prometheus|redis|go-redis|jackc|gorilla|gin-gonic|labstack|go-chi|valyala|gofiber|grpc-ecosystem|aws|IBM|Shopify|segmentio|nats-io|rs|sirupsen|golang|google|hashicorp|DataDog|grafana|klauspost|json-iterator))(?:\/|$)/;

const moduleVersion = /@v\d+\.\d+\.\d+[^/]*\//;

/**
 * Decides from symbol and file alone, because no pprof endpoint tells the main module's path.
 *
 * - `main` and everything that `modules` names (an import path or a prefix of one) is own.
 * - Files in the module cache (`path@v1.2.3/`), below `vendor/` or Bazel's `external/` are dependencies, unless
 *   the main package itself was built from the module cache (`go install path@version`): then its module is own.
 * - So are the packages of hosts that publish libraries only.
 * - Packages of the standard library whose file stands in GOROOT, or has the form that -trimpath gives it, are not own.
 * - What is left was compiled from the service's own source tree.
 *
 * Where no frame has a file, as in what continuous profilers export, what is neither the standard library's nor of a
 * module that every service uses is taken for own.
 */
export function ownCode(frames: Iterable<Frame>, modules: readonly string[] = []): OwnCode {
  let goroot: string | undefined;
  let installedModule: string | undefined;
  let filesKnown = false;
  for (const frame of frames) {
    if (frame.file.endsWith(".go")) filesKnown = true;
    if (goroot === undefined && frame.function.startsWith("runtime.")) {
      goroot = /^(.+\/src\/(?:pkg\/)?)runtime\//.exec(frame.file)?.[1];
    }
    if (installedModule === undefined && frame.function.startsWith("main.")) {
      const version = moduleVersion.exec(frame.file);
      if (version !== null) installedModule = frame.file.slice(0, version.index + version[0].length);
    }
    if (goroot !== undefined && installedModule !== undefined && filesKnown) break;
  }

  function isStandardLibrary({ function: symbol, file }: Frame): boolean {
    const path = packagePath(symbol);
    if (!hasStandardName(symbol)) return false;
    if (goroot !== undefined && file.startsWith(goroot)) return true;
    return (
      file.startsWith(`${path}/`) ||
      file.includes(`/src/${path}/`) ||
      file.includes(`/src/pkg/${path}/`) || // Go 1.3 and older
      file.includes(`/libgo/go/${path}/`) || // gccgo
      file === "" ||
      file.startsWith("<") ||
      isRuntimeFile(file)
    );
  }

  function decide(frame: Frame): boolean {
    const path = packagePath(frame.function);
    if (frame.file.startsWith("<") || frame.file === "_cgo_gotypes.go") return false;
    if (frame.file === "" && filesKnown) return false;
    if (frame.file === "??") return false; // what cgo makes, before Go 1.9
    if (frame.file === "_testmain.go") return false; // the main that `go test` writes
    if (path === "main" || modules.some((module) => isWithin(path, module))) return true;
    if (installedModule !== undefined && frame.file.startsWith(installedModule)) return true;
    if (moduleVersion.test(frame.file)) return false;
    if (frame.file.includes("/vendor/") || path.startsWith("vendor/")) return false;
    if (bazelDependency.test(frame.file) || libraryPath.test(path)) return false;
    if (!frame.function.includes(".")) return false; // C, or an assembly label
    if (frame.file === "") {
      return (
        isGoSymbol.test(frame.function) && !hasStandardName(frame.function) && !wellKnownDependency.test(path)
      );
    }
    return !isStandardLibrary(frame);
  }

  const known = new Map<Frame, boolean>();
  return {
    isStandardLibrary,
    isOwn(frame) {
      let own = known.get(frame);
      if (own === undefined) {
        own = decide(frame);
        known.set(frame, own);
      }
      return own;
    },
  };
}

/**
 * Functions that other packages declare and the runtime implements keep their name and get the runtime's file:
 * `sync.runtime_Semacquire` in runtime/sema.go, `time.Sleep` in runtime/time.go.
 */
function isRuntimeFile(file: string): boolean {
  return file.startsWith("runtime/") || file.includes("/src/runtime/") || file.includes("/src/pkg/runtime/");
}

/** True for the path itself and everything below it; a module that ends with "/" is a plain prefix. */
function isWithin(path: string, module: string): boolean {
  return path === module || path.startsWith(module.endsWith("/") ? module : `${module}/`);
}

/** The service's own frames of a stack, innermost first, at most `most`. */
export function ownFrames(stack: readonly Frame[], own: OwnCode, most = 5): Frame[] {
  const frames: Frame[] = [];
  for (const frame of stack) {
    if (own.isOwn(frame)) frames.push(frame);
    if (frames.length === most) break;
  }
  return frames;
}
