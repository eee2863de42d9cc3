// One's own account: password, second factor, where one is signed in.

import { get, post } from "./api.js";
import { ask, button, field, h, notice, owner, tag } from "./dom.js";
import { changePassword } from "./sign_in.js";

export async function me({ signedOut, again }) {
  const who = await get("me");
  const second = who.totp
    ? [h("p", {}, tag("on", "good"), " You are asked for a code when you sign in."),
      button("Turn it off…", () => off(who.name, again), { class: "danger", "data-test": "totp-off" })]
    : [h("p", {}, tag("off"), " With it a password that somebody has seen is not enough."),
      button("Turn it on…", () => on(again), { class: "primary", "data-test": "totp-on" })];
  return [
    h("h1", {}, "My account"),
    h("section", { class: "card" }, h("h2", {}, "Password"),
      button("Change it…", () => password(who.name), { "data-test": "change-password" })),
    h("section", { class: "card" }, h("h2", {}, "Second factor"), second),
    h("section", { class: "card" }, h("h2", {}, "Signed in"), h("div", { class: "actions" },
      button("Sign out", () => leave("sign-out", signedOut), { "data-test": "sign-out" }),
      button("Sign out everywhere", () => leave("sign-out-everywhere", signedOut), { "data-test": "sign-out-everywhere" }))),
    h("p", { class: "quiet" }, who.server),
  ];
}

async function leave(how, signedOut) {
  try {
    await post(how);
    signedOut();
  } catch (error) {
    notice(error.message);
  }
}

function password(name) {
  const secret = { type: "password", required: true };
  return ask({
    title: "Change the password",
    text: "All other browsers are signed out.",
    fields: [
      owner(name),
      field("old", "Password", { ...secret, autocomplete: "current-password" }),
      field("new", "New password", { ...secret, autocomplete: "new-password", minlength: 12 }, "12 characters or more."),
      field("again", "New password again", { ...secret, autocomplete: "new-password" }),
    ],
    verb: "Change it",
    act: async (typed) => {
      await changePassword(typed);
      notice("The password is changed.");
    },
  });
}

async function on(again) {
  let begun;
  try {
    begun = await post("totp/begin");
  } catch (error) {
    notice(error.message);
    return;
  }
  const picture = h("img", { class: "qr", alt: "Picture for the app", src: `data:image/svg+xml,${encodeURIComponent(begun.qr)}` });
  const done = await ask({
    title: "Turn on the second factor",
    text: "Let an app for codes read the picture, or type the secret into it; then type the code it shows.",
    fields: [picture, h("code", { class: "secret", "data-test": "totp-secret" }, begun.secret),
      field("code", "Code", { inputmode: "numeric", autocomplete: "one-time-code", required: true, maxlength: 12 })],
    verb: "Turn it on",
    act: async ({ code }) => post("totp/confirm", { code }),
  });
  if (!done) return;
  notice("You are asked for a code from now on. Without the app, another admin has to reset you.");
  again();
}

async function off(name, again) {
  const done = await ask({
    title: "Turn off the second factor",
    fields: [
      owner(name),
      field("password", "Password", { type: "password", autocomplete: "current-password", required: true }),
      field("code", "Code", { inputmode: "numeric", autocomplete: "one-time-code", required: true, maxlength: 12 }),
    ],
    verb: "Turn it off",
    danger: true,
    act: async (typed) => post("totp/off", typed),
  });
  if (!done) return;
  notice("The second factor is off.");
  again();
}
