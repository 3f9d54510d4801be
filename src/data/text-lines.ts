import { Transform } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** UTF-8 bytes in, lines out, without their ends. It holds one line at a time, and one piece of the source. */
export function textLines(): Transform {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  return new Transform({
    readableObjectMode: true,
    transform(bytes: Buffer, _encoding, done) {
      const lines = (rest + decoder.write(bytes)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.push(line);
      done();
    },
    flush(done) {
      rest += decoder.end();
      if (rest !== "") this.push(rest);
      done();
    },
  });
}
