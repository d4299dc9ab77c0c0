// Offers every chart as PNG: drawn here, from the SVG, at twice its size.
"use strict";
for (const button of document.querySelectorAll("button.png")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const answer = await fetch(button.dataset.chart);
    if (!answer.ok || answer.redirected) return;
    const words = await answer.text();
    const [, , wide, high] = words.match(/viewBox="([^"]+)"/)[1].split(" ").map(Number);
    const picture = new Image();
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(words)}`;
    await picture.decode();
    const sheet = document.createElement("canvas");
    sheet.width = wide * 2;
    sheet.height = high * 2;
    sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
    const made = await new Promise((done) => sheet.toBlob(done, "image/png"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(made);
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
}
