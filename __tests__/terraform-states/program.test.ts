import { isOpenTofu, terraformProgram } from "../../terraform-states/program";

test.each([
  [undefined, "terraform", false],
  ["", "terraform", false],
  ["terraform1.11", "terraform1.11", false],
  ["tofu", "tofu", true],
  ["/opt/tofu/terraform", "/opt/tofu/terraform", false],
  ["/usr/local/bin/tofu", "/usr/local/bin/tofu", true],
])("TERRAFORM_BINARY_NAME %p starts %s", (TERRAFORM_BINARY_NAME, program, opentofu) => {
  const env = TERRAFORM_BINARY_NAME === undefined ? {} : { TERRAFORM_BINARY_NAME };
  expect(terraformProgram(env)).toBe(program);
  expect(isOpenTofu(env)).toBe(opentofu);
});
