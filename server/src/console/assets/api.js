// What the pages ask of the server.

// How long a page waits. The server answers within ten seconds; a network that is gone need
// not tell anybody.
const WITHIN_MS = 20000;

let csrf = "";
let whenSignedOut = () => {};

// A refusal of the server, or a network that is gone.
export class Refused extends Error {
  constructor(kind, text, seconds) {
    super(text);
    this.kind = kind;
    this.seconds = seconds;
  }
}

export function onSignedOut(then) {
  whenSignedOut = then;
}

const noAnswer = () =>
  new Refused("network", "The server does not answer. Is it running, and the tunnel open?");

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`/console/api/${path}`, {
      credentials: "same-origin", signal: AbortSignal.timeout(WITHIN_MS), ...options,
    });
  } catch {
    throw noAnswer();
  }
  let body;
  try {
    body = await answer.json();
  } catch (error) {
    if (error.name === "TimeoutError") throw noAnswer();
    const late = answer.status === 504;
    throw new Refused("failed", late
      ? "The server is still busy with it. Look into the audit log whether it was done."
      : `The server answers ${answer.status}.`);
  }
  if (answer.ok) {
    if (body.csrf) csrf = body.csrf;
    return body;
  }
  // Something between may answer with JSON of its own.
  const { kind = "failed", text = `The server answers ${answer.status}.`, seconds } = body?.error ?? {};
  if (kind === "signed_out" || kind === "change_password") whenSignedOut(kind);
  throw new Refused(kind, text, seconds);
}

export const get = (path) => ask(path);

export const post = (path, body = {}) => ask(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Longhall-Csrf": csrf },
  body: JSON.stringify(body),
});

// Has an act done; what came of it.
export async function act(verb, fields = {}, reason = null) {
  const answer = await post("act", { act: { verb, ...fields }, reason: reason || null });
  return answer.report;
}
