import type { Family } from "./layout.ts";

interface BoxColours {
  readonly fill: string;
  readonly stroke: string;
  readonly text: string;
}

export interface Theme {
  readonly background: string;
  readonly wire: string;
  readonly classical: string;
  readonly text: string;
  readonly muted: string;
  readonly families: { readonly [family in Family]: BoxColours };
}

const colours = (fill: string, stroke: string, text: string): BoxColours => ({ fill, stroke, text });

/** Colours with a contrast of text on fill of at least 4.5 (WCAG 2.2, AA). */
export const THEMES = {
  light: {
    background: "#ffffff",
    wire: "#64748b",
    classical: "#94a3b8",
    text: "#0f172a",
    muted: "#475569",
    families: {
      fixed: colours("#ede9fe", "#7c3aed", "#4c1d95"),
      rotation: colours("#dbeafe", "#2563eb", "#1e3a8a"),
      entangling: colours("#ccfbf1", "#0d9488", "#134e4a"),
      unitary: colours("#ffedd5", "#ea580c", "#7c2d12"),
      readout: colours("#e2e8f0", "#334155", "#0f172a"),
      timing: colours("#f1f5f9", "#64748b", "#334155"),
      branch: colours("#fef3c7", "#d97706", "#78350f"),
    },
  },
  dark: {
    background: "#0f172a",
    wire: "#94a3b8",
    classical: "#64748b",
    text: "#f1f5f9",
    muted: "#cbd5e1",
    families: {
      fixed: colours("#3b2a68", "#a78bfa", "#ede9fe"),
      rotation: colours("#1e3a6e", "#60a5fa", "#dbeafe"),
      entangling: colours("#134e4a", "#2dd4bf", "#ccfbf1"),
      unitary: colours("#6b2f10", "#fb923c", "#ffedd5"),
      readout: colours("#334155", "#cbd5e1", "#f8fafc"),
      timing: colours("#1e293b", "#94a3b8", "#e2e8f0"),
      branch: colours("#5c3a0a", "#fbbf24", "#fef3c7"),
    },
  },
} as const satisfies Record<string, Theme>;
