// What the page and the card say, in the language of the interface.

const TEXTS = {
  en: {
    title: "Battery levels, the emptiest first",
    none: "No battery to show",
    only: "Low ones only",
    low: "low",
    pc: "PC",
    charge: "Charge",
    health: "Health",
    at: "At",
    count: (number) => (number === 1 ? "1 battery is low" : `${number} batteries are low`),
  },
  ja: {
    title: "バッテリー残量（少ない順）",
    none: "表示するバッテリーはありません",
    only: "残量の少ないもののみ",
    low: "少",
    pc: "PC",
    charge: "残量",
    health: "劣化",
    at: "時刻",
    count: (number) => `残量の少ないバッテリー: ${number}`,
  },
};

export function texts(kanade) {
  return TEXTS[kanade.language] ?? TEXTS.en;
}
