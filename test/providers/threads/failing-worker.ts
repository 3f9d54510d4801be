throw new TypeError("This module does not load.");
