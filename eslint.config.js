const js = require("@eslint/js");
const tseslint = require("typescript-eslint");

/**
 * Words that make a sentence odd, and what to write for them. A message is read by somebody in trouble. The docs are held to
 * the same list by a test.
 */
const plainWords = Object.entries(require("./docs/words.json")).flatMap(([word, instead]) =>
  [`Literal[value=/\\b(${word})\\b/i]`, `TemplateElement[value.raw=/\\b(${word})\\b/i]`].map((selector) => ({
    selector,
    message: `Say it in plain English: ${instead}.`,
  })),
);

module.exports = tseslint.config(
  { ignores: ["node_modules", "cdktf.out", "migrator/image/dist"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // Control characters are what some patterns are there to find.
      "no-control-regex": "off",
    },
  },
  {
    files: ["**/*.ts"],
    ignores: ["__tests__/**"],
    rules: { "no-restricted-syntax": ["error", ...plainWords] },
  },
  {
    // Synthesized JSON has no types, and a test looks into the middle of it.
    files: ["__tests__/stacks/**/*.ts", "__tests__/review/**/*.ts"],
    rules: {
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    // A command loads what it does when it runs; import() does not find TypeScript under tsx/cjs.
    files: ["cli/*.ts"],
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    files: ["**/*.js", "**/*.cjs"],
    languageOptions: {
      sourceType: "commonjs",
      globals: {
        require: "readonly",
        module: "writable",
        console: "readonly",
        __dirname: "readonly",
        process: "readonly",
      },
    },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
);
