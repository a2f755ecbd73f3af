/** Uploads with progress, which `fetch` cannot tell. */
import { ApiError, headers, Unreachable } from "./api";
import { session } from "./session";

export interface Upload<T> {
  done: Promise<T>;
  cancel: () => void;
}

/** Send one file as the form field `file`. `progress` is told a share between 0 and 1. */
export function upload<T>(to: string, file: File, progress: (share: number) => void): Upload<T> {
  const request = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    request.open("POST", to);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve((request.responseText ? JSON.parse(request.responseText) : undefined) as T);
        return;
      }
      if (request.status === 401) session.end("refused");
      reject(new ApiError(request.status, request.responseText || request.statusText, null));
    };
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}
