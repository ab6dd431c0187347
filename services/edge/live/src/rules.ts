// What of a page is the reader's, so that no update may take it away.

/** Whether an update may set or remove this attribute of an element that stays. */
export function mayChange(attribute: string, element: Node, change: "update" | "remove", isTouched: boolean): boolean {
  if (attribute !== "open" || element.nodeName !== "DETAILS") {
    return true;
  }
  // unfolded by an update is what nobody has folded; what is folded under a reader's eyes moves all below it
  return change === "update" && !isTouched;
}

/** Whether an update may look into this node; what is typed and chosen in a form stays, with all of the form. */
export function mayMorph(node: Node): boolean {
  // an empty one is about to be filled for the first time
  return node.nodeName !== "FORM" || !node.hasChildNodes();
}

/** Which of these updates of incidents and maintenances, by their ids, were not there before. */
export function unseen(before: Iterable<string>, after: Iterable<string>): string[] {
  const known = new Set(before);
  return [...after].filter((id) => !known.has(id));
}
