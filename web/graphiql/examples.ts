// The tabs that a first visitor finds; later visits find what they left.
import type { ComponentProps } from "react";
import type { GraphiQL } from "graphiql";

type Tabs = NonNullable<ComponentProps<typeof GraphiQL>["defaultTabs"]>;

const START = `# Welcome. Give Continuum a topic: agents expand it
# into a graph of concepts, every fact with its source.
# Run this (Ctrl-Enter), copy the id of the answer,
# and watch the graph grow in the next tab.

mutation Start($topic: String!) {
  startExploration(
    input: {
      topic: $topic
      depth: 2
      budget: { concepts: 40 }
    }
  ) {
    exploration {
      id
      status
      topic
    }
  }
}
`;

const WATCH = `# Put the exploration's id into the variables below.
# What is stored comes first, then what happens now.
# After a lost connection, pass the last "seq" you
# saw as "after": nothing is missed or told twice.

subscription Watch($id: ID!, $after: Int) {
  explorationEvents(id: $id, after: $after) {
    __typename
    seq
    at
    progress {
      conceptsFound
      stepsDone
      stepsPending
    }
    ... on GraphGrew {
      concepts {
        id
        name
      }
      relations {
        type
        source {
          name
        }
        target {
          name
        }
      }
    }
    ... on StatusChanged {
      status
      reason
    }
  }
}
`;

const CONCEPT = `# A concept, its relations, and where each comes from.

query Concept($name: String!) {
  concept(name: $name) {
    id
    name
    summary
    relations(first: 10) {
      totalCount
      edges {
        cursor
        node {
          type
          target {
            id
            name
          }
          source {
            id
            name
          }
          evidence(first: 3) {
            edges {
              node {
                quote
                source {
                  title
                  url
                  kind
                }
              }
            }
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
}
`;

const FIND = `# Full-text search over everything stored.

query Find($text: String!) {
  search(query: $text, first: 5) {
    totalCount
    edges {
      score
      snippet
      node {
        id
        name
      }
    }
  }
}
`;

export const NEW_TAB = `# Ctrl-Space completes, Ctrl-Enter runs.
# The book on the left holds the documentation.

{
  explorations(first: 5) {
    edges {
      node {
        id
        topic
        status
      }
    }
  }
}
`;

const variables = (values: Record<string, unknown>): string => JSON.stringify(values, null, 2);

export const EXAMPLES: Tabs = [
  { query: START, variables: variables({ topic: "photosynthesis" }) },
  { query: WATCH, variables: variables({ id: "paste the id here", after: null }) },
  { query: CONCEPT, variables: variables({ name: "photosynthesis" }) },
  { query: FIND, variables: variables({ text: "light" }) },
];
