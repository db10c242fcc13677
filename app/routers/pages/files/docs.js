// The page /docs: the calls that can be tried, and who makes them.

import { keyOf, tokenFor } from "./backend_services.js";

const OWN = "";
const SPARE_MS = 15_000; // a token is renewed this long before it ends
const part = (id) => document.getElementById(id);
const page = await (await fetch("/docs/clients")).json();

let signedIn = null; // { clientId, signingKey, scope, token, scopes, until }: in memory, and nowhere else

function show(problem = "") {
  part("sign-in-problem").textContent = problem;
  part("sign-out").hidden = signedIn === null;
  part("signed-in").textContent = signedIn === null ? nobody() : somebody();
}

const nobody = () =>
  page.open
    ? "Nobody is signed in: this sandbox is open, so every call sees everything."
    : "Nobody is signed in: calls are answered 401.";

function somebody() {
  const until = new Date(signedIn.until).toLocaleTimeString();
  const ends = signedIn.until > Date.now() ? `until ${until}, then signed in again with the next call` : `expired at ${until}`;
  return `Signed in as ${signedIn.clientId}, ${ends}. Scopes: ${signedIn.scopes}`;
}

function chosenIsOwn() {
  part("own-client").hidden = part("client").value !== OWN;
}

async function signIn() {
  const ready = page.clients.find((one) => one.client_id === part("client").value);
  const clientId = ready?.client_id ?? part("client-id").value.trim();
  const signingKey = await keyOf(ready?.private_key ?? written(part("private-key").value));
  const asking = { clientId, signingKey, scope: part("scopes").value };
  signedIn = { ...asking, ...(await tokenFor(asking)) };
  part("private-key").value = "";
}

function written(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("the key is not JSON");
  }
}

// Every call that is tried goes through here; only those to this server are signed in.
async function asSignedIn(request) {
  const url = new URL(request.url, location.href);
  if (signedIn === null || url.origin !== location.origin || request.loadSpec) return request;
  if (signedIn.until - SPARE_MS < Date.now()) {
    try {
      signedIn = { ...signedIn, ...(await tokenFor(signedIn)) };
      show();
    } catch (error) {
      show(`The token has expired and no other was given: ${error.message}`);
    }
  }
  request.headers.Authorization = `Bearer ${signedIn.token}`;
  return request;
}

for (const { client_id, about } of page.clients) part("client").add(new Option(`${client_id}: ${about}`, client_id));
part("client").add(new Option("another client", OWN));
part("client").addEventListener("change", chosenIsOwn);
part("sign-in-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await signIn();
    show();
  } catch (error) {
    signedIn = null;
    show(`Not signed in: ${error.message}`);
  }
});
part("sign-out").addEventListener("click", () => {
  signedIn = null;
  show();
});
chosenIsOwn();
show();

SwaggerUIBundle({
  url: part("swagger-ui").dataset.url,
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  requestInterceptor: asSignedIn,
  showMutatedRequest: false, // the command line it shows has no token: it is copied into mails and reports
  // The panel above signs in; Swagger's own dialog knows no signed assertions.
  plugins: [{ wrapComponents: { authorizeBtn: () => () => null, authorizeOperationBtn: () => () => null } }],
});
