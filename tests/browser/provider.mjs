// A provider of OpenID Connect for tests: oidc-provider with its own pages, one client, whatever name is typed signs in.
// node provider.mjs PORT CLIENT SECRET REDIRECT  (prints "ready" once it listens)
import Provider from "oidc-provider";

const [port, client, secret, redirect] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: client, client_secret: secret, redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"] }],
  pkce: { required: () => true },
  claims: { openid: ["sub"], profile: ["preferred_username"] },
  conformIdTokenClaims: false,
  findAccount: (context, sub) => ({ accountId: sub, claims: () => ({ sub, preferred_username: `${sub}@redcross.example` }) }),
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
