// Cold. Runs on: CPU n. A module that cannot be loaded.

throw new Error('this module is out of order');
