'use strict';

// The `filter` of a search: which ids may be found.
const { isList, isRevoked, unexpected } = require('../errors.js');
const { Handle } = require('../handle.js');
const { PreparedFilter } = require('../indexes/filter.js');
const { isSet } = require('../indexes/keys.js');
const { lengthOfList, mapList } = require('../inputs.js');

const FORMS = 'a Set or array of ids, {allow} or {deny}, or a PreparedFilter';

function idsOf(value, name) {
  if (isList(value)) return mapList(value, lengthOfList(value, name), (id) => id);
  try {
    return [...Set.prototype.values.call(value)]; // no method of the caller's runs
  } catch {
    throw unexpected('ERR_INVALID_ARG', FORMS, name, value);
  }
}

function checked(ids, name) {
  for (const [i, id] of ids.entries()) if (typeof id !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string', `${name}[${i}]`, id);
  return ids;
}

/** {ids, deny}, {prepared} or undefined. Ids that no entry has are passed over. */
function idFilter(value, name = 'filter') {
  if (value === undefined) return undefined;
  if (Handle.looksLike(value)) {
    Handle.of(value, PreparedFilter, name);
    return { prepared: value, held: undefined };
  }
  if (typeof value !== 'object' || value === null || isRevoked(value)) throw unexpected('ERR_INVALID_ARG', FORMS, name, value);
  if (isList(value) || isSet(value)) return { ids: checked(idsOf(value, name), name), deny: false };
  const { allow, deny } = value;
  if ((allow === undefined) === (deny === undefined)) throw unexpected('ERR_INVALID_ARG', FORMS, name, value);
  const key = allow === undefined ? 'deny' : 'allow';
  return { ids: checked(idsOf(allow ?? deny, `${name}.${key}`), `${name}.${key}`), deny: key === 'deny' };
}

module.exports = { idFilter };
