/** Which accounts are one person: those that share an address by which somebody commits. */
import type { People } from "../domain/configuration/gate.ts";

/** Two accounts that share an address are one person: the first of them in `people` stands for both. */
export function personOf(actor: string, people: People): string {
  const group = accountsOf(actor, people);
  return [...people.keys()].find((one) => group.has(one)) ?? actor;
}

/** Of all accounts of that person. */
export function addressesOfPerson(actor: string, people: People): readonly string[] {
  return [...accountsOf(actor, people)].flatMap((account) => people.get(account) ?? []);
}

/** Whether two accounts are one person; accounts that `people` does not name are told apart by their names alone. */
export function isOnePerson(one: string, other: string, people: People): boolean {
  return accountsOf(one, people).has(other);
}

/** All accounts that hang together by shared addresses. */
function accountsOf(actor: string, people: People): ReadonlySet<string> {
  const accounts = new Set([actor]);
  const addresses = new Set(people.get(actor));
  let before = 0;
  while (before < accounts.size) {
    before = accounts.size;
    for (const [account, own] of people) {
      if (!own.some((address) => addresses.has(address))) continue;
      accounts.add(account);
      for (const address of own) addresses.add(address);
    }
  }
  return accounts;
}
