// Tells whoever points at a time what it is where they are.

/** A date with a time and an offset; without one it is no instant, and the same words everywhere. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;

/** How instants are written in this language and the visitor's zone. */
export function formatOf(language: string, timeZone?: string): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = { dateStyle: "long", timeStyle: "long" };
  if (timeZone !== undefined) {
    options.timeZone = timeZone;
  }
  return new Intl.DateTimeFormat([language, "en"].filter(isLanguage), options);
}

function isLanguage(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

/** The instant in words; none if the text is no instant. */
export function inWords(datetime: string, format: Intl.DateTimeFormat): string | undefined {
  const time = INSTANT.test(datetime) ? Date.parse(datetime) : NaN;
  return Number.isNaN(time) ? undefined : format.format(time);
}

/** Gives the times of a page their titles. */
export function titleTimes(page: Document): void {
  const format = formatOf(page.documentElement.lang);
  for (const time of page.querySelectorAll<HTMLTimeElement>("time[datetime]")) {
    const words = inWords(time.dateTime, format);
    if (words !== undefined) {
      time.title = words;
    }
  }
}
