// Asks one base URL everything that the test wants to know, and prints what the SDK made of it.
//
// node openai_client.mjs BASE_URL NAMESPACE < questions.json
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const load = createRequire(`${process.env.NODE_PACKAGES}/package.json`);
const { default: OpenAI, toFile } = load("openai");
const { zodResponseFormat, zodTextFormat } = load("openai/helpers/zod");
const { z } = load("zod");

const [baseURL, namespace] = process.argv.slice(2);
const questions = JSON.parse(readFileSync(0, "utf8"));
const client = new OpenAI({
  baseURL,
  apiKey: "any",
  maxRetries: 0,
  timeout: 60_000,
  defaultHeaders: { "x-cache-namespace": namespace },
});
const City = z.object({ name: z.string(), people: z.number(), twins: z.array(z.string()) });

const ask = {
  chat: (fields) => client.chat.completions.create(fields),
  async chatStream(fields) {
    const stream = client.chat.completions.stream({
      ...fields,
      stream_options: { include_usage: true },
    });
    return await stream.finalChatCompletion();
  },
  async chatChunks(fields) {
    const texts = {};
    const ends = {};
    for await (const chunk of await client.chat.completions.create({ ...fields, stream: true })) {
      for (const choice of chunk.choices) {
        texts[choice.index] = (texts[choice.index] ?? "") + (choice.delta.content ?? "");
        ends[choice.index] = choice.finish_reason ?? ends[choice.index];
      }
    }
    return { texts, ends };
  },
  async chatParse(fields) {
    const answer = await client.chat.completions.parse({
      ...fields,
      response_format: zodResponseFormat(City, "city"),
    });
    return answer.choices[0].message.parsed;
  },
  async chatRaw(fields) {
    const { data, response } = await client.chat.completions.create(fields).withResponse();
    return { data, xCache: response.headers.get("x-cache") };
  },
  response: (fields) => client.responses.create(fields),
  async responseStream(fields) {
    const types = [];
    const stream = client.responses.stream(fields);
    for await (const event of stream) types.push(event.type);
    const last = [types.at(0), types.at(-1)];
    return { last, response: await stream.finalResponse() };
  },
  async responseParse(fields) {
    const answer = await client.responses.parse({
      ...fields,
      text: { format: zodTextFormat(City, "city") },
    });
    return answer.output_parsed;
  },
  text: (fields) => client.completions.create(fields),
  embeddings: (fields) => client.embeddings.create(fields),
  moderation: (fields) => client.moderations.create(fields),
  image: (fields) => client.images.generate(fields),
  transcription: async (fields) => client.audio.transcriptions.create(await heard(fields)),
  translation: async (fields) => client.audio.translations.create(await heard(fields)),
};

// A form with a recording, of bytes that are no text.
async function heard({ sound, ...fields }) {
  return { ...fields, file: await toFile(Buffer.from([255, 0, ...Buffer.from(sound)]), "talk.mp3") };
}

const answers = {};
for (const { name, kind, fields } of questions) answers[name] = await ask[kind](fields);
process.stdout.write(JSON.stringify(answers));
