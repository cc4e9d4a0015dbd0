#include "prompt/vocabulary.h"

#include <string.h>

/* Sorted, with a blank between them. In their plain form; "indicators", "rising" and "clearly" are
 * found by theirs. What would persuade, sell, hurry or name somebody is left out on purpose. */
static const char plain[] =
    "abbreviation about above absent absolute accept accessible accordingly account accuracy "
    "accurate accurately acronym across act action active actual add additionally address "
    "addressed adequate adjective admit adult affect after again against agree agreed aim "
    "algorithm all allocation almost alone along aloud alpha already also although always "
    "american among amount analogy analyse analysis analyst analyze anchor and angle annual "
    "another answer answerable answered answering anticipate anxious any anybody anyone "
    "anything apart app apparent apparently appear apply approach approachable appropriate "
    "appropriately approximate approximately are arent argue argument arithmetic around array "
    "arrive ask asked aspect assess assessment assign assume assumption atr attach attitude "
    "attribute audience available average avoid back backed background backtest bad balance "
    "balanced band base baseline basics basis bearish became because become been before begin "
    "beginner beginning behind being belong below benchmark beneath beside besides best beta "
    "better between beyond big blank blend block body bold bollinger bond book both bottom "
    "bought bounce bracket break breakout breath breathe bridge bridging brief briefly bring "
    "british broadly build built bullet bullish business busy but buy buyer calculate "
    "calculation call calm calmly came can cant capital caption capture car card care careful "
    "carefully carry case cash casual cause caution cautious cautiously caveat cent certain "
    "certainly certainty chain chance change changing character chart check choice choose "
    "choppy cite claim clarify clarity class classroom clear clearly client climb close "
    "closely closing coach coffee coherent colleague collectively colon colorful colourful "
    "column combine come comma comment commodity common communicate compact company compare "
    "compared comparison compass complete compose computation compute computed concept concern "
    "concise conclude conclusion concrete condense conditional confidence confident confirm "
    "confirmation conflict conflicting connect consequence consider consistent consolidation "
    "constant constraint contain context continue contradict contradiction contradictory "
    "contrary contrast contribute contribution convergence conversation conversational "
    "conversely convey copy core correct correction correctly correctness cost could count "
    "counter court cover crash create crisp cross crossing crossover curious currency current "
    "currently customer daily dash data dataset date datum day dear decide decision decisive "
    "decisively decline decrease decreased decreasing deep deeply define definition delay "
    "deliver demand dense depend derive describe description deserve despite detail "
    "deteriorate deviation dialogue did differ difference different digestible direction "
    "directly disagree disagreement disclaimer discuss discussion disprove distinct "
    "distinguish divergence diversification dividend doctor does doesnt dollar dominant "
    "dominate dont double doubt down downside downward dozen draft draw drawback drive driven "
    "driver drop dry duplicate during each earliest early earnings earth easily easy economic "
    "economy editor educational effect eight eighty either elegant element else ema email "
    "emphasise emphasize empty encourage end ending engine engineer english enough entire "
    "entry equal equally equity error escape especially essential estimate etc etf euro "
    "evaluate even evenly event every everybody everyday everyone everything evidence evident "
    "evidently exact exactly examine example exceed except exit expect expectation experienced "
    "expert explain explanation exposure express extra extreme eye fact factor factual "
    "factually fail failure fair fairly fairness faithful faithfully fall fallen false family "
    "far father feel fell felt few fewer field fifteen fifth fifty figure final finally "
    "finance financial find finish firm first firstly fiscal fit five fixed flag flow fluent "
    "focus follow football for forecast form formal format forty found foundation four fourth "
    "free fresh friend friendly from full fully fund fundamental fundamentals further "
    "furthermore fuse future gain game gap garden gather general generally generic gentle get "
    "give given glance goal gone good got gradually grammar grandmother grandparent grave "
    "great greeting ground grounded group grow grown growth guidance guide had half hand "
    "handed handedly handle happen has have head heading headline heart heavily heavy held "
    "help helpful hence her here herself high higher highest highlight highly himself his "
    "historical history hold holder holding honest honestly honesty hook horizon how however "
    "human humble hundred idea identify illustrate image imagine impatient imply importance "
    "important improve improved improvement improving include increase increased indeed index "
    "indicate indicator individual individually industry inexperienced infer inflation "
    "influence inform informal informative input inside insight insignificant instance instead "
    "instructive insufficient intelligible intend interest interpret interpretation intersect "
    "into intro introduce introduction invalidate invest invested investing investment "
    "investor invite isnt issue italic item its itself jargon job joined jointly journal "
    "journalist json judge judgement judgment jury just justify keep keeping kept key keys "
    "kind kindly kindness kitchen knew know knowledge known label lag language large largely "
    "last lastly late later latest lay layer layout laypeople layperson lead learn least leave "
    "lecture led length less lesson let letter level librarian lie life light lightly like "
    "likelihood likely likewise limit limitation line link linking liquidity list listed "
    "little lively logic logical long longer look loose lose loss lost loud low lower "
    "lowercase lowest lunch macd macro made magazine mail main mainly major make manner many "
    "map mark markdown market material mathematics matter max maximum may maybe mean meaning "
    "meaningful meaningless meant meanwhile measure measured measurement mechanism median "
    "mention mentor merely merge message metaphor method metric might mild min mind minimum "
    "minor mislead misleading misread miss missed missing mistake misunderstand "
    "misunderstanding mix mixed mobile mode model moderate modest moment momentum monitor "
    "month monthly moralise moralize more moreover most mostly mother move movement moving "
    "much must name narrative natural near nearly necessary need negative neighbor neighbour "
    "neither nervous neutral neutrally never nevertheless new newcomer newer newest news "
    "newspaper next nine ninety nobody noise noisy none nonetheless nor normal normalised "
    "normally not notable note noteworthy nothing notice noun novice now null number numbered "
    "numeric object objective objectively observation observe obvious obviously occur odds off "
    "often old older once one ones oneself only open opener opening openly opinion opposed "
    "opposite option optional order ordinary origin original oscillator other others otherwise "
    "our out outlier outline outlook output outside over overall overbought overlook oversold "
    "overturn overview own pace pair paragraph paraphrase parent part partial partially "
    "particular particularly partly pass passive past patience patient pattern pause peak peer "
    "people per percent percentage perhaps period person perspective phone phrase physicist "
    "pick picture piece place plain plainly playful please point polite portfolio position "
    "positive possible possibly practice precede precise precisely precision predict "
    "prediction prefer prepare present previous previously price private privately probability "
    "probably problem process produce professional profit projection prompt proof proper "
    "properly prose prove proven provide provisional public pull punctuation purely purpose "
    "put puzzle quantitative quarter quarterly question quick quickly quite quote radio range "
    "rank rapidly rarely rate rated rather rating ratio reach read readability readable reader "
    "reading real reason reasonable reasonably reasoning rebound recall recap receive recent "
    "recently recipe record recover recovery redundant refer reference reflect refute relate "
    "relative relaxed relevance relevant reliable rely remain remark remember remind reminder "
    "repeat rephrase replace reply report require required requirement resistance resolve "
    "resolved respect respectful respective respectively respond responding response rest "
    "restate restrict result retail retreat return reveal revenue reversal reverse right rise "
    "risen risk road role rose roughly round rounded rounding row rsi rule ruler salutation "
    "same sample saw say scale scenario sceptic sceptical schema school science scientist "
    "score screen season seasoned second secondly section sector security see seem seen select "
    "self sell seller sense sensible sensitive sentence sentiment separate separately serious "
    "serve session set settle setup seven several shape share shared sharing sharp she short "
    "shorter should show shrink side sided sideways sign signal significance significant "
    "similar similarly simple simply since sincere single situation six sixty size sizing "
    "skeptic skeptical sketch slight slow slowly sma small smooth sober software sold solution "
    "solve some somebody someone something sometimes somewhere soon sort sound source sourced "
    "space sparse speak specific specifically speed spell spelling spend spent spike spoken "
    "spread stable stand standard start state statement statistic statistics stay steady step "
    "stick stiff still stock stop story strategy strength strengthen stress strict strictly "
    "string strong strongest strongly structure structured student style subheading subject "
    "subtitle subtle such suddenly sufficient suggest suit suitability suitable sum summarise "
    "summarize summary supplied supply support supported suppose sure surprise swing symbol "
    "system table take takeaway taken talk target task taught tax tea teach teacher technical "
    "technicality technicals teenager tell temperature template ten tense tentative term test "
    "text than that thats the their them theme themselves then theory there thereby therefore "
    "thermometer these they thing think third thirty this thorough those though thought "
    "thoughtful three threshold through throughout thus ticker tide tie tight time tip tipped "
    "title today together token tomorrow tone too tool top topic total toward towards trace "
    "traceable track trade trader training transition translate translator transparency "
    "transparent treat trend trouble trough true trust trustworthy truth truthfully try turn "
    "tutor twelve twenty twice two type typical typically uncertain uncertainty unchanged "
    "under underline underlying undermine underpin understand understanding understood uneasy "
    "unit unknown unless unlikely unnecessary unpack unproven unsupported unsure until unusual "
    "upon upper uppercase upward use used useful user using usual usually valid valuation "
    "value variable variant vary verb verdict verifiable verify version very via view visible "
    "vivid voice volatile volatility volume wait walk want warm warmth warn warning was watch "
    "wave way weak weaken weakest weakly weakness weather week weekly weigh weight welcome "
    "well went were what whatever when whenever where wherever whether which whichever while "
    "who whoever whole wholly why widely will with within without witness wonder wont word "
    "wording work world worried worse worsen worst would wrap write written wrong wrote year "
    "yearly yet yield you young your youre yourself";

/* Sorted. What good prompts forbid. */
static const char forbidden[] =
    "advertise advertisement advertising advice advise alarm alarming apologise apologize "
    "apology assure bet blame boilerplate buzzword clever cliche code condescending convince "
    "doomed drama dramatic dramatise embellish embellishment emoji emojis emotion emotional "
    "entertain euphoric exaggerate exaggeration excited excitement exclamation fabricate fancy "
    "fear fence filler flatter flattery flowery frighten gamble gossip guarantee guess "
    "guesswork hedge hedging hint html huge hurry hype impress insist instruct instruction "
    "insult invent joke luck lucky lure magic marketing massive miracle mock motive newsletter "
    "optimistic overpromise overstate padding panic patronise patronize personal persuade "
    "pessimistic pitch plunge poem praise preamble pressure promise promote push recommend "
    "recommendation repetition repetitive rhetorical rhyme rumor rumour sales scare secret "
    "sensational sensationalise shock shocking shout skyrocket slang smart soar speculate "
    "speculation speculative superlative superlatives swear tempt threaten understate urge url "
    "vague vagueness win winner";

/* By halves: from a byte in the middle back to where its word begins. */
static bool is_listed(const char *words, const char *word, size_t bytes)
{
    size_t low = 0, high = strlen(words);

    while (low < high) {
        size_t begin = low + (high - low) / 2;

        while (begin > low && words[begin - 1] != ' ')
            begin--;
        size_t length = strcspn(words + begin, " ");
        int order = memcmp(words + begin, word, length < bytes ? length : bytes);

        if (order == 0 && length == bytes)
            return true;
        if (order < 0 || (order == 0 && length < bytes))
            low = begin + length + 1;
        else
            high = begin;
    }
    return false;
}

/* "rating" is rate, "stopped" stop, "carries" carry: an ending taken off and another put on. */
typedef struct ending {
    const char *off, *on;
    bool doubled; /* the letter before it is there twice */
} ending;

static const ending endings[] = {
    { "s", "", false },      { "es", "", false },   { "d", "", false },    { "ed", "", false },
    { "ed", "", true },      { "ing", "", false },  { "ing", "e", false }, { "ing", "", true },
    { "ly", "", false },     { "ies", "y", false }, { "ied", "y", false }, { "ily", "y", false },
    { "bly", "ble", false },
};

static bool is_inflected(const char *words, const char *word, size_t bytes, const ending *e)
{
    enum { STEM_BYTES_MIN = 3, WORD_BYTES_MAX = 24 };
    size_t off = strlen(e->off), on = strlen(e->on);
    char stem[WORD_BYTES_MAX + 4];

    if (bytes > WORD_BYTES_MAX || bytes < off + STEM_BYTES_MIN ||
        memcmp(word + bytes - off, e->off, off) != 0)
        return false;
    bytes -= off;
    if (e->doubled && word[bytes - 1] != word[bytes - 2])
        return false;
    bytes -= e->doubled;
    memcpy(stem, word, bytes);
    memcpy(stem + bytes, e->on, on);
    return is_listed(words, stem, bytes + on);
}

static bool has(const char *words, const char *word, size_t bytes)
{
    if (is_listed(words, word, bytes))
        return true;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (is_inflected(words, word, bytes, &endings[i]))
            return true;
    return false;
}

bool ll_vocabulary_has(const char *word, size_t bytes)
{
    return has(plain, word, bytes);
}

bool ll_vocabulary_forbids(const char *word, size_t bytes)
{
    return has(forbidden, word, bytes);
}
