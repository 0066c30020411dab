// Cold. Runs on: CPU n. A module that has forgotten what it is for.

export const sink = (): void => {};
