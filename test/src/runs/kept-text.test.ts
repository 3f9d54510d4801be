import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeText, encodeText } from "../../../src/runs/kept-text.ts";

const texts = fc.string({ unit: fc.constantFrom("a", '"', "\\", "\0", "\ud800", "\udc00", "é", "n") });

test("any text is kept as one that a database can hold, and comes back as it was", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const kept = encodeText(text);
      expect(kept.isWellFormed() && !kept.includes("\0")).toBe(true);
      expect(decodeText(kept)).toBe(text);
    }),
  );
});

test("plain text is kept as it is", () => {
  for (const text of ["", "step-1", 'say "no"', "\\u0000"]) expect(encodeText(text)).toBe(text);
});
