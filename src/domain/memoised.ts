/**
 * `find`, asked once about each subject: several rules ask the same of one capture. An answer, undefined among them, is kept
 * for as long as its subject lives, so `find` must go by what never changes.
 */
export function memoised<Subject extends object, Answer>(
  find: (subject: Subject) => Answer,
): (subject: Subject) => Answer {
  const answers = new WeakMap<Subject, { readonly answer: Answer }>();
  return (subject) => {
    let known = answers.get(subject);
    if (known === undefined) {
      known = { answer: find(subject) };
      answers.set(subject, known);
    }
    return known.answer;
  };
}

/** The same for what is asked about two subjects together: a capture, say, and what counts as the service's own code. */
export function memoisedOfTwo<First extends object, Second extends object, Answer>(
  find: (first: First, second: Second) => Answer,
): (first: First, second: Second) => Answer {
  const ofFirst = memoised((first: First) => memoised((second: Second) => find(first, second)));
  return (first, second) => ofFirst(first)(second);
}

/** A process has far fewer functions than stacks, but captures of many processes are judged one after another. */
const mostSymbols = 50_000;

/** The same for what a symbol says. Symbols are texts that nothing ends: when there are too many, all are forgotten. */
export function memoisedOfSymbol<Answer extends string>(
  find: (symbol: string) => Answer,
): (symbol: string) => Answer {
  const answers = new Map<string, Answer>();
  return (symbol) => {
    let answer = answers.get(symbol);
    if (answer === undefined) {
      if (answers.size >= mostSymbols) answers.clear();
      answer = find(symbol);
      answers.set(symbol, answer);
    }
    return answer;
  };
}
