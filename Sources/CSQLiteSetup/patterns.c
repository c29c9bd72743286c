#include "ApusPatterns.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned char Byte;

// A range of bytes; `end` points behind the last byte.
typedef struct {
    const Byte *start;
    const Byte *end;
} Bytes;

static size_t lengthOf(Bytes bytes) { return (size_t)(bytes.end - bytes.start); }

// MARK: Characters

static bool isContinuation(Byte byte) { return (byte & 0xc0) == 0x80; }

// Reads one character as SQLite does (utf.c, sqlite3Utf8Read): a byte from 0xC0 on takes all continuation bytes behind
// it, any other byte is a character by itself, and values that are not Unicode characters become U+FFFD.
static uint32_t readCharacter(const Byte **place, const Byte *end) {
    static const Byte lastEight[] = {0, 1, 2, 3, 0, 1, 0, 0};
    uint32_t character = *(*place)++;
    if (character < 0xc0) return character;
    character = character < 0xe0   ? character & 0x1f
                : character < 0xf0 ? character & 0x0f
                : character < 0xf8 ? character & 0x07
                                   : lastEight[character - 0xf8];
    while (*place < end && isContinuation(**place)) character = character << 6 | (*(*place)++ & 0x3f);
    bool isNoCharacter = character < 0x80 || (character & 0xfffff800) == 0xd800 || (character & 0xfffffffe) == 0xfffe;
    return isNoCharacter ? 0xfffd : character;
}

// The start of the character that ends at `place`.
static const Byte *characterBefore(const Byte *start, const Byte *place) {
    const Byte *before = place - 1;
    if (!isContinuation(*before)) return before;
    const Byte *first = before;
    while (first > start && isContinuation(*first)) first--;
    return *first >= 0xc0 ? first : before;
}

static bool hasHighByte(Bytes bytes) {
    for (; bytes.end - bytes.start >= 8; bytes.start += 8) {
        uint64_t word;
        memcpy(&word, bytes.start, 8);
        if (word & 0x8080808080808080) return true;
    }
    for (; bytes.start < bytes.end; bytes.start++) {
        if (*bytes.start >= 0x80) return true;
    }
    return false;
}

// The length of the well-formed character at the start (Unicode 15, table 3-7); 0 if there is none.
static size_t wellFormedLength(const Byte *byte, size_t rest) {
    if (byte[0] < 0x80) return 1;
    if (byte[0] < 0xc2 || byte[0] > 0xf4) return 0;
    size_t length = byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
    if (rest < length) return 0;
    for (size_t index = 1; index < length; index++) {
        if (!isContinuation(byte[index])) return 0;
    }
    if (byte[0] == 0xe0 && byte[1] < 0xa0) return 0;
    if (byte[0] == 0xed && byte[1] > 0x9f) return 0;
    if (byte[0] == 0xf0 && byte[1] < 0x90) return 0;
    if (byte[0] == 0xf4 && byte[1] > 0x8f) return 0;
    return length;
}

// Whether all bytes are well-formed UTF-8: then equal characters have equal bytes, except those read as U+FFFD.
static bool isWellFormed(Bytes bytes) {
    while (bytes.start < bytes.end) {
        uint64_t word;
        if (bytes.end - bytes.start >= 8 && (memcpy(&word, bytes.start, 8), !(word & 0x8080808080808080))) {
            bytes.start += 8;
            continue;
        }
        size_t length = wellFormedLength(bytes.start, lengthOf(bytes));
        if (length == 0) return false;
        bytes.start += length;
    }
    return true;
}

// MARK: Patterns

// The part of a pattern between two percent signs.
typedef struct {
    Bytes bytes;
    uint32_t characters;  // their number
    bool hasUnderscore;
    bool isASCII;
    bool isPlain;  // In a well-formed text, equal characters have equal bytes.
    uint32_t *borders;  // The failure table of Knuth-Morris-Pratt; made when first needed.
    struct Automaton *automaton;  // Made when first needed.
} Piece;

// The Shift-And algorithm: bit n of the state says that the first n + 1 characters of the piece match here.
typedef struct Automaton {
    uint32_t bits;  // the number of characters in the piece
    uint32_t words;
    uint32_t distinct;
    uint32_t *characters;  // ascending
    uint64_t *masks;  // one for each character, and a last one for all others
    uint64_t *state;
} Automaton;

typedef struct {
    Byte *bytes;
    Piece *pieces;
    size_t pieceCount;  // the number of groups of adjacent percent signs, plus 1
    bool ignoresCase;
    Byte *folded;  // buffer for a text in lower case
    size_t room;
} Pattern;

typedef struct {
    ApusLook look;
    void *context;
    size_t work;  // since the last call of look
} Watch;

typedef enum { NO_MATCH = 0, MATCH = 1, STOPPED = -1, NO_MEMORY = -2 } Outcome;

enum {
    // A read that must end is waited for by the writer, and has a low priority.
    WORK_BETWEEN_LOOKS = 1 << 16,
    AUTOMATON_BYTES = 1 << 20,
};

static bool isStopped(Watch *watch, size_t work) {
    watch->work += work;
    if (watch->work < WORK_BETWEEN_LOOKS) return false;
    watch->work = 0;
    return watch->look(watch->context) != 0;
}

// Maps A to Z to lower case, as SQLite's lower().
static void fold(Byte *to, const Byte *from, size_t count) {
    for (size_t index = 0; index < count; index++) {
        Byte byte = from[index];
        to[index] = (Byte)(byte + ((Byte)(byte - 'A') < 26 ? 32 : 0));
    }
}

static Piece makePiece(Bytes bytes) {
    Piece piece = {.bytes = bytes, .isASCII = !hasHighByte(bytes), .isPlain = isWellFormed(bytes)};
    for (const Byte *place = bytes.start; place < bytes.end; piece.characters++) {
        uint32_t character = readCharacter(&place, bytes.end);
        piece.hasUnderscore |= character == '_';
        piece.isPlain &= character != 0xfffd;
    }
    return piece;
}

static void destroyPattern(void *pointer) {
    Pattern *pattern = pointer;
    if (!pattern) return;
    for (size_t index = 0; index < pattern->pieceCount; index++) {
        Automaton *automaton = pattern->pieces[index].automaton;
        if (automaton) {
            free(automaton->characters);
            free(automaton->masks);
            free(automaton->state);
            free(automaton);
        }
        free(pattern->pieces[index].borders);
    }
    free(pattern->pieces);
    free(pattern->bytes);
    free(pattern->folded);
    free(pattern);
}

static Pattern *makePattern(Bytes text, bool ignoresCase) {
    size_t count = lengthOf(text);
    size_t pieces = 1;
    for (size_t index = 0; index < count; index++) {
        pieces += text.start[index] == '%' && (index == 0 || text.start[index - 1] != '%');
    }
    Pattern *pattern = calloc(1, sizeof(Pattern));
    if (!pattern) return NULL;
    pattern->ignoresCase = ignoresCase;
    pattern->bytes = malloc(count + 1);
    pattern->pieces = calloc(pieces, sizeof(Piece));
    if (!pattern->bytes || !pattern->pieces) {
        destroyPattern(pattern);
        return NULL;
    }
    if (ignoresCase) fold(pattern->bytes, text.start, count);
    else if (count > 0) memcpy(pattern->bytes, text.start, count);
    const Byte *start = pattern->bytes;
    const Byte *end = start + count;
    for (const Byte *place = start; place < end; place++) {
        if (*place != '%') continue;
        if (place == pattern->bytes || place[-1] != '%') {
            pattern->pieces[pattern->pieceCount++] = makePiece((Bytes){start, place});
        }
        start = place + 1;
    }
    pattern->pieces[pattern->pieceCount++] = makePiece((Bytes){start, end});
    return pattern;
}

// MARK: A piece at one place

// If the text starts with the piece, returns the end of the match; else NULL.
static const Byte *endOfPrefix(const Piece *piece, Bytes text) {
    if (piece->isASCII && !piece->hasUnderscore) {
        size_t length = lengthOf(piece->bytes);
        bool isThere = length <= lengthOf(text) && (length == 0 || memcmp(text.start, piece->bytes.start, length) == 0);
        return isThere ? text.start + length : NULL;
    }
    const Byte *wanted = piece->bytes.start;
    while (wanted < piece->bytes.end) {
        if (text.start == text.end) return NULL;
        uint32_t character = readCharacter(&wanted, piece->bytes.end);
        if (character != readCharacter(&text.start, text.end) && character != '_') return NULL;
    }
    return text.start;
}

// Whether the whole text ends with the piece; `text` is the part that is still to match.
static bool isSuffix(const Piece *piece, Bytes text) {
    const Byte *place = text.end;
    if (piece->isASCII && !piece->hasUnderscore) {
        if (lengthOf(piece->bytes) > lengthOf(text)) return false;
        place -= lengthOf(piece->bytes);
    } else {
        for (uint32_t count = piece->characters; count > 0; count--) {
            if (place == text.start) return false;
            place = characterBefore(text.start, place);
        }
    }
    return endOfPrefix(piece, (Bytes){place, text.end}) == text.end;
}

// MARK: A piece anywhere

static bool makeBorders(Piece *piece) {
    size_t length = lengthOf(piece->bytes);
    const Byte *bytes = piece->bytes.start;
    uint32_t *borders = malloc(length * sizeof(uint32_t));
    if (!borders) return false;
    uint32_t border = 0;
    borders[0] = 0;
    for (size_t index = 1; index < length; index++) {
        while (border > 0 && bytes[index] != bytes[border]) border = borders[border - 1];
        if (bytes[index] == bytes[border]) border++;
        borders[index] = border;
    }
    piece->borders = borders;
    return true;
}

// Knuth-Morris-Pratt: compares each byte of the text at most twice.
static Outcome findByBorders(Piece *piece, Bytes *text, Watch *watch) {
    if (!piece->borders && !makeBorders(piece)) return NO_MEMORY;
    if (isStopped(watch, lengthOf(*text))) return STOPPED;
    const Byte *bytes = piece->bytes.start;
    size_t length = lengthOf(piece->bytes);
    size_t matched = 0;
    for (const Byte *place = text->start; place < text->end; place++) {
        while (matched > 0 && bytes[matched] != *place) matched = piece->borders[matched - 1];
        matched += bytes[matched] == *place;
        if (matched < length) continue;
        text->start = place + 1;
        return MATCH;
    }
    return NO_MATCH;
}

// Finds the first byte and compares the rest; switches to Knuth-Morris-Pratt after too much failed work.
static Outcome findBytes(Piece *piece, Bytes *text, Watch *watch) {
    size_t length = lengthOf(piece->bytes);
    if (lengthOf(*text) < length) return NO_MATCH;
    const Byte *bytes = piece->bytes.start;
    size_t work = 0;
    size_t enough = 256 + 2 * lengthOf(*text);
    if (isStopped(watch, lengthOf(*text) / 8)) return STOPPED;
    for (;;) {
        if (lengthOf(*text) < length) return NO_MATCH;
        text->start = memchr(text->start, bytes[0], lengthOf(*text) - length + 1);
        if (!text->start) return NO_MATCH;
        bool endsAlike = text->start[length - 1] == bytes[length - 1];
        if (endsAlike && memcmp(text->start, bytes, length) == 0) {
            text->start += length;
            return MATCH;
        }
        work += 4 + (endsAlike ? length / 8 : 0);
        if (work > enough) return findByBorders(piece, text, watch);
        text->start++;
    }
}

static int compareCharacters(const void *left, const void *right) {
    uint32_t first = *(const uint32_t *)left, second = *(const uint32_t *)right;
    return first < second ? -1 : first > second;
}

static uint32_t indexOf(const Automaton *automaton, uint32_t character) {
    uint32_t low = 0, high = automaton->distinct;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (automaton->characters[middle] < character) low = middle + 1;
        else high = middle;
    }
    return low < automaton->distinct && automaton->characters[low] == character ? low : automaton->distinct;
}

// Returns NULL if out of memory. The automaton has no masks if they would take too much memory.
static Automaton *makeAutomaton(Bytes bytes, uint32_t characters) {
    Automaton *automaton = calloc(1, sizeof(Automaton));
    if (!automaton) return NULL;
    automaton->bits = characters;
    automaton->words = (characters + 63) / 64;
    automaton->characters = malloc(characters * sizeof(uint32_t));
    if (!automaton->characters) {
        free(automaton);
        return NULL;
    }
    uint32_t count = 0;
    for (const Byte *place = bytes.start; place < bytes.end;) {
        uint32_t character = readCharacter(&place, bytes.end);
        if (character != '_') automaton->characters[count++] = character;
    }
    qsort(automaton->characters, count, sizeof(uint32_t), compareCharacters);
    for (uint32_t index = 0; index < count; index++) {
        uint32_t character = automaton->characters[index];
        uint32_t distinct = automaton->distinct;
        if (distinct == 0 || automaton->characters[distinct - 1] != character) {
            automaton->characters[automaton->distinct++] = character;
        }
    }
    size_t size = ((size_t)automaton->distinct + 1) * automaton->words;
    if (size * sizeof(uint64_t) > AUTOMATON_BYTES) return automaton;
    automaton->state = calloc(automaton->words, sizeof(uint64_t));
    automaton->masks = automaton->state ? calloc(size, sizeof(uint64_t)) : NULL;
    if (!automaton->masks) return automaton;
    uint32_t bit = 0;
    for (const Byte *place = bytes.start; place < bytes.end; bit++) {
        uint32_t character = readCharacter(&place, bytes.end);
        uint64_t mask = 1ull << (bit % 64);
        if (character == '_') {
            for (uint32_t row = 0; row <= automaton->distinct; row++) {
                automaton->masks[row * automaton->words + bit / 64] |= mask;
            }
        } else {
            automaton->masks[indexOf(automaton, character) * automaton->words + bit / 64] |= mask;
        }
    }
    return automaton;
}

// Compares the piece at each character of the text; for pieces whose masks would be too large.
static Outcome findEverywhere(const Piece *piece, Bytes *text, Watch *watch) {
    while (text->start < text->end) {
        const Byte *end = endOfPrefix(piece, *text);
        if (end) {
            text->start = end;
            return MATCH;
        }
        if (isStopped(watch, lengthOf(piece->bytes))) return STOPPED;
        readCharacter(&text->start, text->end);
    }
    return NO_MATCH;
}

// Reads one character; true if the piece matches up to and including it.
static bool advance(Automaton *automaton, uint32_t character) {
    const uint64_t *masks = automaton->masks + (size_t)indexOf(automaton, character) * automaton->words;
    uint64_t carry = 1;
    for (uint32_t word = 0; word < automaton->words; word++) {
        uint64_t shifted = automaton->state[word] << 1 | carry;
        carry = automaton->state[word] >> 63;
        automaton->state[word] = shifted & masks[word];
    }
    uint32_t last = automaton->bits - 1;
    return automaton->state[last / 64] >> (last % 64) & 1;
}

static Outcome findCharacters(Piece *piece, Bytes *text, Watch *watch) {
    Bytes bytes = piece->bytes;
    // Underscores at the start of the piece match any characters.
    uint32_t characters = piece->characters;
    for (; bytes.start < bytes.end && *bytes.start == '_'; bytes.start++, characters--) {
        if (text->start == text->end) return NO_MATCH;
        readCharacter(&text->start, text->end);
    }
    if (characters == 0) return MATCH;
    if (!piece->automaton) piece->automaton = makeAutomaton(bytes, characters);
    Automaton *automaton = piece->automaton;
    if (!automaton) return NO_MEMORY;
    if (!automaton->masks) {
        Piece rest = *piece;
        rest.bytes = bytes;
        return findEverywhere(&rest, text, watch);
    }
    memset(automaton->state, 0, automaton->words * sizeof(uint64_t));
    size_t workOfOne = 1 + automaton->words;
    bool isFresh = true;
    while (text->start < text->end) {
        if (isFresh && bytes.start[0] < 0x80) {
            text->start = memchr(text->start, bytes.start[0], lengthOf(*text));
            if (!text->start) return NO_MATCH;
        }
        if (isStopped(watch, workOfOne)) return STOPPED;
        if (advance(automaton, readCharacter(&text->start, text->end))) return MATCH;
        isFresh = automaton->words == 1 && automaton->state[0] == 0;
    }
    return NO_MATCH;
}

// MARK: A whole pattern

// Finds the pieces in order, each at its earliest position.
//
// With `trustsBytes`, pieces with non-ASCII characters are compared as bytes too. In a malformed text one character may
// have several encodings; if that can make the result wrong, `isDoubtful` becomes true.
static Outcome matchPieces(Pattern *pattern, Bytes text, bool trustsBytes, bool *isDoubtful, Watch *watch) {
    Piece *first = pattern->pieces;
    Piece *last = pattern->pieces + pattern->pieceCount - 1;
    text.start = endOfPrefix(first, text);
    if (!text.start) return NO_MATCH;
    if (first == last) return text.start == text.end ? MATCH : NO_MATCH;
    if (!isSuffix(last, text)) return NO_MATCH;
    bool hasTrusted = false;
    for (Piece *piece = first + 1; piece < last; piece++) {
        bool isBytes = !piece->hasUnderscore && (piece->isASCII || (piece->isPlain && trustsBytes));
        Outcome outcome = isBytes ? findBytes(piece, &text, watch) : findCharacters(piece, &text, watch);
        if (isBytes && !piece->isASCII) {
            hasTrusted = true;
            if (outcome == MATCH && text.start < text.end && isContinuation(*text.start)) *isDoubtful = true;
        }
        if (outcome == NO_MATCH && hasTrusted) *isDoubtful = true;
        if (outcome != MATCH) return outcome;
    }
    bool isMatch = isSuffix(last, text);
    if (!isMatch && hasTrusted) *isDoubtful = true;
    return isMatch ? MATCH : NO_MATCH;
}

static Outcome match(Pattern *pattern, Bytes text, Watch *watch) {
    bool isDoubtful = false;
    Outcome outcome = matchPieces(pattern, text, true, &isDoubtful, watch);
    if (!isDoubtful || outcome < 0 || isWellFormed(text)) return outcome;
    return matchPieces(pattern, text, false, &isDoubtful, watch);
}

// MARK: The SQL functions

typedef struct {
    ApusLook look;
    void *context;
    bool ignoresCase;
} Function;

// The text of a value as SQLite's LIKE reads it: the bytes before the first NUL.
static Bytes textOf(sqlite3_value *value) {
    const Byte *start = sqlite3_value_text(value);
    if (!start) return (Bytes){(const Byte *)"", (const Byte *)""};
    size_t count = (size_t)sqlite3_value_bytes(value);
    const Byte *end = memchr(start, 0, count);
    return (Bytes){start, end ? end : start + count};
}

static bool foldText(Pattern *pattern, Bytes *text) {
    size_t count = lengthOf(*text);
    if (count > pattern->room || !pattern->folded) {
        free(pattern->folded);
        pattern->room = count < 256 ? 256 : 2 * count;
        pattern->folded = malloc(pattern->room);
        if (!pattern->folded) return false;
    }
    fold(pattern->folded, text->start, count);
    *text = (Bytes){pattern->folded, pattern->folded + count};
    return true;
}

static void answer(sqlite3_context *context, int count, sqlite3_value **arguments) {
    (void)count;
    if (sqlite3_value_type(arguments[0]) == SQLITE_NULL || sqlite3_value_type(arguments[1]) == SQLITE_NULL) return;
    const Function *function = sqlite3_user_data(context);
    Pattern *known = sqlite3_get_auxdata(context, 1);
    Pattern *pattern = known ? known : makePattern(textOf(arguments[1]), function->ignoresCase);
    Bytes text = textOf(arguments[0]);
    if (!pattern || (pattern->ignoresCase && !foldText(pattern, &text))) {
        if (!known) destroyPattern(pattern);
        sqlite3_result_error_nomem(context);
        return;
    }
    Watch watch = {function->look, function->context, 0};
    Outcome outcome = match(pattern, text, &watch);
    if (!known) sqlite3_set_auxdata(context, 1, pattern, destroyPattern);
    switch (outcome) {
        case STOPPED:
            sqlite3_result_error_code(context, SQLITE_INTERRUPT);
            break;
        case NO_MEMORY:
            sqlite3_result_error_nomem(context);
            break;
        default:
            sqlite3_result_int(context, outcome);
    }
}

static int addFunction(sqlite3 *database, const char *name, Function function) {
    Function *owned = malloc(sizeof(Function));
    if (!owned) return SQLITE_NOMEM;
    *owned = function;
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    return sqlite3_create_function_v2(database, name, 2, flags, owned, answer, NULL, NULL, free);
}

int apus_add_patterns(sqlite3 *database, ApusLook look, void *context) {
    int result = addFunction(database, "is_like", (Function){look, context, false});
    if (result != SQLITE_OK) return result;
    return addFunction(database, "is_ilike", (Function){look, context, true});
}
