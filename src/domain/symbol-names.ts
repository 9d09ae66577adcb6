/** `payments.(*Client).Authorize` of `example.com/shop/payments.(*Client).Authorize`: enough for a title. */
export function shortName(symbol: string): string {
  const brackets = symbol.search(/[[(]/);
  const end = brackets === -1 ? symbol.length : brackets;
  return symbol.slice(symbol.lastIndexOf("/", end) + 1);
}
