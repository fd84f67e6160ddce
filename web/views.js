// The picture as the models take it: the very pixels, before normalisation.

import * as api from "./api.js";
import { element } from "./element.js";
import { titles } from "./evidence.js";

function figure({ modules, width, height, image }) {
  const names = titles(modules);
  return element("figure", {}, element("img", { src: image, width, height, alt: `What the encoder of ${names} takes of the picture` }),
    element("figcaption", {}, `${names}, ${width} × ${height}`));
}

// The pixels are asked for when the disclosure is first opened. `current()` gives the picture's file and a signal.
export function wire(details, current, fail) {
  details.addEventListener("toggle", async () => {
    const place = details.querySelector("div"), { file, signal } = current();
    if (!details.open || !file || place.children.length) return;
    try {
      const views = await api.views(file, signal);
      const none = element("p", { className: "quiet" }, "The models look at the picture as it is.");
      place.replaceChildren(...(views.length ? views.map(figure) : [none]));
    } catch (error) {
      details.open = false;
      if (error.name !== "AbortError") fail(error);
    }
  });
}

export function close(details) {
  details.open = false;
  details.querySelector("div").replaceChildren();
}
