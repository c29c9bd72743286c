/** Lists that come in pages, read to their end. */

/**
 * All items of a list that comes in pages.
 * @param {(token: string|undefined) => Promise<object>} fetchPage Gets the token of the page.
 * @param {string} field The field that holds the items.
 * @param {number} [limit] Stops when so many items are there.
 */
export async function everything(fetchPage, field, limit = 100000) {
  const items = [];
  let token;
  do {
    const answer = await fetchPage(token);
    items.push(...(answer[field] || []));
    token = answer.next_page_token || undefined;
  } while (token && items.length < limit);
  return items;
}
