// Signing in, and the first password of one's own.

import { post } from "./api.js";
import { field, h, owner, problem } from "./dom.js";

function form(title, text, fields, verb, act) {
  const trouble = h("div", {});
  let timer;
  const go = h("button", { type: "submit", class: "primary", "data-test": "submit" }, verb);
  const element = h("form", {
    class: "card",
    onsubmit: async (event) => {
      event.preventDefault();
      go.disabled = true;
      clearInterval(timer);
      trouble.replaceChildren();
      try {
        await act(Object.fromEntries(new FormData(element)));
      } catch (error) {
        trouble.replaceChildren(problem(error));
        if (error.seconds) timer = countDown(trouble, error.seconds);
      }
      go.disabled = false;
    },
  }, h("h1", {}, title), text && h("p", { class: "quiet" }, text), trouble, fields, go);
  return h("main", { class: "narrow" }, element);
}

// Says how long to wait still, without reading each second out.
function countDown(trouble, seconds) {
  const until = Date.now() + seconds * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((until - Date.now()) / 1000);
    const text = left > 0 ? `Too many tries: wait ${left} seconds.` : "You may try again.";
    trouble.replaceChildren(h("p", { class: "problem" }, text));
    if (left <= 0 || !trouble.isConnected) clearInterval(timer);
  }, 1000);
  return timer;
}

export function signIn(then) {
  document.title = "Sign in – Longhall console";
  const code = field("code", "Code", { inputmode: "numeric", autocomplete: "one-time-code", maxlength: 12 },
    "The six digits that your app shows.");
  code.hidden = true;
  const fields = [
    field("name", "Name", { autocomplete: "username", required: true, autofocus: true }),
    field("password", "Password", { type: "password", autocomplete: "current-password", required: true }),
    code,
  ];
  return form("Longhall console", null, fields, "Sign in", async (typed) => {
    try {
      then(await post("sign-in", { ...typed, code: code.hidden ? null : typed.code }));
    } catch (error) {
      if (error.kind === "code_needed") {
        const isFirst = code.hidden;
        code.hidden = false;
        code.querySelector("input").focus();
        if (isFirst) return;
      }
      throw error;
    }
  });
}

export function newPassword(name, then) {
  document.title = "New password – Longhall console";
  const password = { type: "password", required: true };
  const fields = [
    owner(name),
    field("old", "The password you were told", { ...password, autocomplete: "current-password", autofocus: true }),
    field("new", "New password", { ...password, autocomplete: "new-password", minlength: 12 }, "12 characters or more."),
    field("again", "New password again", { ...password, autocomplete: "new-password" }),
  ];
  const text = "Somebody else knows your password. Choose one of your own.";
  return form("Welcome", text, fields, "Change it", async (typed) => {
    await changePassword(typed);
    then();
  });
}

export async function changePassword({ old, new: chosen, again }) {
  if (chosen !== again) throw new Error("The new passwords are not the same.");
  await post("password", { old, new: chosen });
}
