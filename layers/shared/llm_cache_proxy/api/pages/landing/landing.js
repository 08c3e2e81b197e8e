"use strict";

// The base URL as the reader's browser knows it, below a stage's path too.
const base = new URL("v1", document.baseURI);
document.getElementById("base-url").textContent = base.href;
