import type { Evaluation } from '../../schemas/evaluation.ts';
import type { Person } from '../accounts/accounts.ts';
import { may, mayReadBlinded } from '../accounts/rights.ts';
import type { Participant } from './standing.ts';

/** What a person is to an evaluation. */
export function participantOf(person: Person, { name }: Pick<Evaluation, 'name'>): Participant {
  return {
    name: person.name,
    reads: may(person, 'read', name),
    readsBlinded: mayReadBlinded(person, name),
    reviewsQuality: may(person, 'review-quality', name),
    adjudicates: may(person, 'adjudicate', name),
    seesAll: may(person, 'lead', name) || may(person, 'browse-data', name),
  };
}
