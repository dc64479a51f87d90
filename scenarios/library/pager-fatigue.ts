import { defineScenario } from '../scenario.ts';

/**
 * Nothing is broken: people alone practise. Three pages, of which the second is noise; what is measured is how long each
 * takes to be answered, and whether the third is still answered as the first was.
 */
export default defineScenario({
  id: 'pager-fatigue',
  title: 'Pager fatigue',
  objective:
    'On-call answers each page within its time, also the third within an hour, and says of each whether it was one.',
  component: 'client-api',
  timebox: '90m',
  budget: '${BUDGET:-10%}',
  settle: '1m',
  prerequisites: ['on-call knows that a drill is announced for this week, and not when it is'],
  roles: {
    facilitator: 'sends the pages by hand, at the usual urgency, and watches',
    'on-call': 'answers as on any other day',
  },
  communications: {
    channel: '#game-days',
    audience: ['on-call', 'its deputy', 'whoever else would be paged by escalation'],
    before: 'A pager drill is on; real pages go on as ever and go before it.',
    after: 'The drill is over: what was noise, and what made it hard to tell?',
  },
  goals: { acknowledged: '${ANSWER:-5m}', diagnosed: '${DIAGNOSE:-20m}' },
  hypothesis: [{ name: 'the API answers', probe: '${API_PROBE:-api-status}', outcome: 'good', of: 3 }],
  steps: [
    {
      human: {
        id: 'first-answered',
        do: 'facilitator: page on-call now ("drill: API errors"); on-call: acknowledge it',
        who: 'on-call',
        within: '${ANSWER:-5m}',
        mark: 'acknowledged',
      },
    },
    {
      human: {
        id: 'first-diagnosed',
        do: 'on-call: look at the budgets and say what is wrong, or that nothing is',
        who: 'on-call',
        within: '${DIAGNOSE:-20m}',
        mark: 'diagnosed',
      },
    },
    { hold: { for: '${GAP:-5m}' } },
    {
      human: {
        id: 'noise-answered',
        do: 'facilitator: page on-call again with something that resolves by itself; on-call: acknowledge it',
        who: 'on-call',
        within: '${ANSWER:-5m}',
      },
    },
    { hold: { for: '${GAP:-5m}' } },
    {
      human: {
        id: 'third-answered',
        do: 'facilitator: page on-call a third time, with a real symptom; on-call: acknowledge it',
        who: 'on-call',
        within: '${ANSWER:-5m}',
      },
    },
  ],
  abort: [{ name: 'the API really fails', probe: '${API_PROBE:-api-status}', outcome: 'bad', of: 5 }],
});
