// Asks for an access token as SMART Backend Services has it: a client signs with its private key who it is.
// https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html

const SIGNATURES = {
  ES384: { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  RS384: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
};
const LIVES_SECONDS = 60;

// The signing key of a private JWK; the browser keeps it so that nobody can read it again.
export async function keyOf(jwk) {
  const alg = jwk.kty === "EC" ? "ES384" : "RS384";
  if (!globalThis.crypto?.subtle) {
    throw new Error("the browser signs on https pages, and on this machine's own address, only");
  }
  if (!jwk.d || (jwk.kty === "EC" && jwk.crv !== "P-384") || !["EC", "RSA"].includes(jwk.kty)) {
    throw new Error("the key must be a private JWK: EC on P-384, or RSA");
  }
  if (!jwk.kid) throw new Error("the key must have the kid it is registered by");
  const { use, key_ops, alg: _said, ...numbers } = jwk;
  const key = await crypto.subtle.importKey("jwk", numbers, SIGNATURES[alg], false, ["sign"]);
  return { alg, kid: jwk.kid, key };
}

// A token for the client, with the scopes it is granted and when it ends (in milliseconds).
export async function tokenFor({ clientId, signingKey, scope }) {
  const { token_endpoint: audience } = await answered(await fetch("/.well-known/smart-configuration"));
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    scope,
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await assertion(clientId, signingKey, audience),
  });
  const answer = await answered(await fetch("/auth/token", { method: "POST", body }));
  return {
    token: answer.access_token,
    scopes: answer.scope,
    until: Date.now() + answer.expires_in * 1000,
  };
}

async function assertion(clientId, { alg, kid, key }, audience) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: clientId, sub: clientId, aud: audience, exp: now + LIVES_SECONDS, jti: crypto.randomUUID() };
  const signed = `${encoded({ alg, typ: "JWT", kid })}.${encoded(claims)}`;
  const signature = await crypto.subtle.sign(SIGNATURES[alg], key, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

const encoded = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function answered(response) {
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Error(answer.error_description ?? answer.issue?.[0]?.diagnostics ?? `it was refused (${response.status})`);
}
