// What a stored answer says, in whichever of the APIs' shapes it is.

function partText(part) {
  return typeof part === "string" ? part : part?.text ?? "";
}

function spoken(answer) {
  const choices = (answer.choices ?? []).map(({ message, text }) => {
    const content = message?.content ?? text ?? "";
    return Array.isArray(content) ? content.map(partText).join("") : content;
  });
  const outputs = (answer.output ?? []).flatMap(({ content }) => (content ?? []).map(partText));
  return [...choices, ...outputs].filter(Boolean).join("\n\n");
}

// The words of an answer; the whole of it as JSON where it has none, such as a call of a tool.
export function answerText(json) {
  if (!json) return "The answer is stored as a stream only.";
  try {
    const answer = JSON.parse(json);
    return spoken(answer) || JSON.stringify(answer, null, 2);
  } catch {
    return json;
  }
}
