// Asks one base URL everything that the test wants to know, and prints what the SDK made of it.
//
// node anthropic_client.mjs BASE_URL NAMESPACE < questions.json
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const load = createRequire(`${process.env.NODE_PACKAGES}/package.json`);
const { default: Anthropic } = load("@anthropic-ai/sdk");

const [baseURL, namespace] = process.argv.slice(2);
const questions = JSON.parse(readFileSync(0, "utf8"));
const client = new Anthropic({
  baseURL,
  apiKey: "any",
  maxRetries: 0,
  timeout: 60_000,
  defaultHeaders: { "x-cache-namespace": namespace },
});

const ask = {
  message: (fields) => client.messages.create(fields),
  async messageStream(fields) {
    const stream = client.messages.stream(fields);
    const types = [];
    for await (const event of stream) types.push(event.type);
    return { last: [types.at(0), types.at(-1)], message: await stream.finalMessage() };
  },
  async messageEvents(fields) {
    const texts = {};
    const inputs = {};
    for await (const event of await client.messages.create({ ...fields, stream: true })) {
      if (event.type !== "content_block_delta") continue;
      const { text, thinking, partial_json: json } = event.delta;
      const said = json === undefined ? texts : inputs;
      said[event.index] = (said[event.index] ?? "") + (text ?? thinking ?? json ?? "");
    }
    const given = Object.entries(inputs).map(([index, json]) => [index, JSON.parse(json || "{}")]);
    return { texts, inputs: Object.fromEntries(given) };
  },
  async messageRaw(fields) {
    const { data, response, request_id: name } = await client.messages.create(fields).withResponse();
    return { data, name, xCache: response.headers.get("x-cache") };
  },
  tokens: ({ max_tokens: _, ...fields }) => client.messages.countTokens(fields),
  async refusal(fields) {
    try {
      return await client.messages.create({ ...fields, messages: [] });
    } catch (error) {
      return { status: error.status, type: error.error?.error?.type };
    }
  },
};

const answers = {};
for (const { name, kind, fields } of questions) answers[name] = await ask[kind](fields);
process.stdout.write(JSON.stringify(answers));
