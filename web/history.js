// The latest pictures, in this browser only: hash, small copy, size.

const KEY = "lens.history", MOST = 12, SIDE = 480;

export function list() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

export async function remember(sha256, image) {
  const scale = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const entry = { sha256, small: canvas.toDataURL("image/jpeg", 0.8) };
  const entries = [entry, ...list().filter((other) => other.sha256 !== sha256)].slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } catch { /* no room: the picture is not remembered */ }
}

export function forget() {
  localStorage.removeItem(KEY);
}
