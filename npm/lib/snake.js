'use strict';

// The names that options of the existing packages have in their wrappers: numExperts is num_experts there.
const snake = (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** Option `name` of `options`, by either of its names; ours counts where both are there. */
const optionOf = (options, name) => (options[name] === undefined ? options[snake(name)] : options[name]);

module.exports = { optionOf, snake };
