import type { Analysis } from "../../domain/findings/finding.ts";
import type { Incident, Reply, ReplyFile } from "../../domain/incidents/incident.ts";
import { type Peer, processName } from "../../domain/incidents/peer.ts";
import { counted } from "../../domain/units.ts";
import { inFileName } from "./contents.ts";

type Draft = Pick<Reply, "kind" | "text" | "files" | "draws">;

/**
 * What the thread gets once there is a verdict: the picture, the findings, the evidence, in this order. Pictures that
 * are to be drawn `later` keep their place.
 */
export function repliesFor(
  incident: Incident,
  analysis: Analysis,
  findings: string,
  pictures: readonly ReplyFile[] | "later",
): readonly Reply[] {
  const drafts: Draft[] = [];
  if (pictures === "later") drafts.push({ kind: "flame-graph", draws: true, text: "", files: [] });
  else if (pictures.length > 0) drafts.push({ kind: "flame-graph", ...pictureReply(pictures) });
  drafts.push({
    kind: "findings",
    text:
      analysis.findings.length === 0
        ? `No findings for ${incident.service}: ${counted(analysis.checks.length, "rule")} looked.`
        : `${allOf(analysis.findings.length)} for ${incident.service}, with evidence and next steps.`,
    files: [{ artifact: findings, name: `findings.${incident.id}.md`, title: `Findings ${incident.id}` }],
  });
  const evidence = evidenceOf(incident);
  if (evidence.length > 0) {
    drafts.push({
      kind: "evidence",
      text: `What was captured: ${counted(evidence.length, "file")}.`,
      files: evidence,
    });
  }
  return drafts.map((draft) => ({ ...draft, intent: `${incident.id}/${draft.kind}`, state: "pending" }));
}

function allOf(findings: number): string {
  return findings === 1 ? "The one finding" : `All ${counted(findings, "finding")}`;
}

/** What the thread gets once a peer is compared: what differs as a picture, and its captures under its own name. */
export function peerReplies({ id, service }: Incident, peer: Peer): readonly Reply[] {
  const files = evidenceOf({ ...peer, service });
  if (files.length === 0) return [];
  const whose = processName(peer.instance ?? "the peer");
  const drafts: readonly (Draft & Pick<Reply, "comparesWithPeer">)[] = [
    { kind: "flame-graph", comparesWithPeer: true, text: "", files: [] },
    {
      kind: "evidence",
      text: `What was captured of ${whose}, to compare with: ${counted(files.length, "file")}.`,
      files,
    },
  ];
  return drafts.map((draft) => ({
    ...draft,
    intent: `${id}/peer-${peer.round}/${draft.kind}`,
    state: "pending",
  }));
}

/** Words and files of the message that shows these. */
export function pictureReply(pictures: readonly ReplyFile[]): Pick<Reply, "text" | "files"> {
  const [best] = pictures;
  return { text: best?.altText ?? best?.title ?? "", files: pictures };
}

/** The outbox with `wanted` in it; what is there already stays as it is, posted or not. */
export function withReplies(present: readonly Reply[], wanted: readonly Reply[]): readonly Reply[] {
  const known = new Set(present.map(({ intent }) => intent));
  return [...present, ...wanted.filter(({ intent }) => !known.has(intent))];
}

/** Files as people save them: `pprof.order.10.0.0.5-6060.heap.20240521-031204.pb.gz`. */
function evidenceOf({
  bundle,
  steps,
  service,
  instance,
}: Pick<Incident, "bundle" | "steps" | "service" | "instance">): ReplyFile[] {
  if (bundle === undefined) return [];
  return steps.flatMap(({ kind, file, startedAtMs }) => {
    // The index page tells where to ask, and nothing of the process; the bundle keeps it.
    if (file === undefined || kind === "index") return [];
    const stamp = new Date(startedAtMs ?? 0)
      .toISOString()
      .replace(/[-:]|\..*$/g, "")
      .replace("T", "-");
    const whose = [service, instance].filter((part) => part !== undefined).map(inFileName);
    const ending = /\..*$/.exec(file)?.[0] ?? "";
    const name = ["pprof", ...whose, kind, `${stamp}${ending}`].join(".");
    return [{ artifact: `${bundle}${file}`, name, title: `${kind} of ${service}` }];
  });
}
