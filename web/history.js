// The latest pictures with what was asked about them, in this browser only (IndexedDB). Where the browser keeps nothing,
// there is no history and nothing else is missing.

const MOST = 12, SIDE = 160;

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode) {
  const opening = indexedDB.open("lens", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("pictures", { keyPath: "sha256" });
  return (await done(opening)).transaction("pictures", mode).objectStore("pictures");
}

// Entries { sha256, when, file, small, turns }, the latest first.
export async function list() {
  try {
    return (await done((await store("readonly")).getAll())).sort((a, b) => b.when - a.when);
  } catch {
    return [];
  }
}

export async function keep(entry) {
  try {
    await done((await store("readwrite")).put({ ...entry, when: Date.now() }));
    for (const old of (await list()).slice(MOST)) await done((await store("readwrite")).delete(old.sha256));
  } catch { /* no room, or a browser that keeps nothing */ }
}

export async function forget() {
  try {
    await done((await store("readwrite")).clear());
  } catch { /* nothing was kept */ }
}

// A small copy of a shown picture as a data: URL.
export function small(image) {
  const scale = Math.min(1, SIDE / Math.min(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.8);
}
