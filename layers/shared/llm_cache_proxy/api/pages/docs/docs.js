"use strict";

// Relative to the page, so that it also works below a stage's path.
const address = new URL("openapi.json", document.baseURI);

window.SwaggerUIBundle({
  url: address.href,
  domNode: document.getElementById("docs"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
});
