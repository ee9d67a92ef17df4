import { scramVerifier } from "../../../lab/providers/postgresql/scram";

test("the verifier is that of RFC 7677's example", async () => {
  const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");

  expect(await scramVerifier("pencil", salt)).toBe(
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

test("each verifier has a salt of its own, and one that is a verifier already stays", async () => {
  const verifier = await scramVerifier("pencil");

  expect(await scramVerifier("pencil")).not.toBe(verifier);
  expect(await scramVerifier(verifier)).toBe(verifier);
});
