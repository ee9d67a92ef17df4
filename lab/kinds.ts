/** What a lab has in place of the usual. */
export interface Kinds {
  /** OpenTofu in place of Terraform. @default false */
  readonly opentofu?: boolean;
  /** OpenBao in place of Vault. @default false */
  readonly openbao?: boolean;
  /**
   * TLS with client certificates to Nomad, Vault and Consul, ACLs in Nomad and Consul, a region and a namespace of its own in
   * Nomad, and with OpenBao a namespace there, too. @default false
   */
  readonly secure?: boolean;
}
