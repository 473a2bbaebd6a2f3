// The page's state in the URL: what is open, so that a link shows the same.

export interface Place {
  exploration: string | null;
  concept: string | null;
}

export const HOME: Place = { exploration: null, concept: null };

export function currentPlace(): Place {
  const parameters = new URLSearchParams(location.search);
  return { exploration: parameters.get("exploration"), concept: parameters.get("concept") };
}

export function addressOf(place: Place): string {
  const parameters = new URLSearchParams();
  if (place.exploration) parameters.set("exploration", place.exploration);
  if (place.concept) parameters.set("concept", place.concept);
  const query = parameters.toString();
  return query ? `?${query}` : location.pathname;
}
