import { provider, type Provider } from "../protocol/provider";
import { password } from "./password";

/** Stands in for hashicorp/random 3.7.2: the ephemeral password, nothing that lands in a state. */
export function randomProvider(): Provider {
  return provider({
    address: "registry.terraform.io/hashicorp/random",
    attributes: {},
    configure: () => undefined,
    ephemeral: { random_password: password },
  });
}
