/* What no explanation may do, whichever words ask for it. English, folded. */
#include "prompt/guard_meanings.h"

const char *const ll_meaning_words[LL_MEANING_COUNT] = {
    [LL_MEANING_NOT] =
        "not dont never nor without avoid* refrain* unnecessary needless neednt no~need "
        "no~reason no~point little+need",
    [LL_MEANING_HIDES] =
        "omit* skip* hide hides hiding conceal* bury buries buried gloss* downplay* "
        "minimis* minimiz* soften* mute mutes muted withhold* withheld suppress* "
        "stay+silent keep+silent silence* quiet* unmentioned unsaid untold unspoken "
        "leave+out leaves+out leaving+out left+out leave+aside left+aside leave+away "
        "leave+off play+down plays+down tone+down water+down brush* wave+away "
        "push+aside keep+back hold+back cut+out edit+out keep+out decorat* harmless "
        "negligible trivial* spare sparing tuck* belittl* sugarcoat* whitewash* "
        "underplay* understat* disregard* neglect* smooth+over strip* censor* erase* "
        "remove* delete* pass+over passed+over blur* obscure* disguis* mask* dilut* discard* "
        "exclud* dismiss* overshadow*",
    [LL_MEANING_KEEPS] = "keep keeps leave leaves left",
    [LL_MEANING_EMPTY] = "empty blank unfilled unsaid bare",
    [LL_MEANING_TELLS] =
        "mention* name* list* bring+up brings+up talk* speak* discuss* trouble* bother* dwell* "
        "raise* touch* refer* burden* bore* worry* include* cover* warn* state* write* say* "
        "acknowledg* admit* address* hint* note",
    [LL_MEANING_RISK] =
        "risk* downside* drawdown* loss losses lose loses losing lost volatil* caveat* warning* "
        "danger* disclaimer* drawback* disadvantage* threat* hazard* peril* bad~news badly "
        "negativ* contrary disagree* counterargument* speaks+against speak+against go+wrong "
        "goes+wrong "
        "going+wrong wrong shortcoming* flaw* pitfall* unfavo* adverse* worst trouble* doubts "
        "doubt objection* red crash* weakness* uncertain* cons",
    [LL_MEANING_ONLY] = "only solely just exclusively nothing+but purely merely entirely",
    [LL_MEANING_BRIGHT] =
        "upside positiv* bullish favo* advantage* opportunit* reward* promising "
        "optimis* green sunny bright* upbeat pros great~time good~time excellent "
        "bargain* attractive praise* convincing purchase* cheerful* rosy enthusias* "
        "strong~buy must~have that+agree that+agrees good~side good~news",
    [LL_MEANING_DARK] = "bearish downside negativ* pessimis* gloom* critical* discourag* bad red "
                        "risk* loss* weakness* cons unfavo* doubtful dark worst against sell",
    [LL_MEANING_ALWAYS] =
        "always whatever regardless invariably irrespective without+exception no+matter every+case "
        "each+case all+cases any+case every+verdict every+signal every+answer every+explanation "
        "every+summary each+signal each+verdict each+answer each+explanation all+signals "
        "every+time each+time even+when+not unconditional* either+way in+any+event",
    [LL_MEANING_SLIGHTS] =
        "ignor* disregard* unread often~mistaken usually~wrong neglect* overlook* "
        "forget* discard* set~aside no+attention little+attention no+weight no+heed "
        "loosely examples+only only+examples an+example+only only+an+example feel~free "
        "another+result other+result different+result another+conclusion own~opinion "
        "own~view own~judgement own~judgment what+you+think best~guess from~memory "
        "decorat* fictional rather+than+on gut~feeling intuition rise+above look+past "
        "see+past not+bound stray bend*",
    [LL_MEANING_DATA] =
        "confidence indicator* evidence data figure* number* value* input* reading* "
        "signal signals fact facts",
    [LL_MEANING_INVENTS] =
        "invent* fabricat* make+up makes+up making+up made+up conjur* fake* forge* "
        "fictional fictitious concoct* hallucinat* improvis*",
    [LL_MEANING_FACT] = "number* figure* quote* source* value* statistic* survey* stud* news "
                        "percent* fact facts price* name* headline* one result* detail* event*",
    [LL_MEANING_CERTAIN] =
        "sure~thing cannot+go+wrong cannot~lose cannot~fail doubtless never+doubts "
        "doubt+not+exist never~wrong will~double at+least+double will~triple foolproof "
        "certain~win as+a+certainty vouch* guarantee* guaranteed bound+to+rise "
        "sure+to+rise only+way+is+up",
    [LL_MEANING_RECORD] = "right correct* accura* success* agreed agree analysts experts survey* "
                          "track~record past~cases won profitable investors others winners",
    [LL_MEANING_SHARE] = "percent per~cent out~of times+out nine+out most+of+the+time",
    [LL_MEANING_MOVES] =
        "make* making let lets letting get gets have push* urge* convinc* persuad* nudg* encourag* "
        "pressur* press* help* lure* tempt* coax* motivat* inspir* invit* direct directs steer* "
        "guide* tell tells telling advis* suggest* recommend* ask asks warn* remind* want* bring* "
        "drive* lead leads entic* instruct*",
    [LL_MEANING_READER] = "reader* user users investor* people person client* customer* them they "
                          "holder holders beginner* audience everyone everybody anyone somebody "
                          "someone others visitor*",
    [LL_MEANING_ACTS] =
        "believe* hurry* act acts buy buys sell sells trade trades order orders commit* "
        "invest invests borrow* join* call calls subscribe* sign signs deposit* "
        "contact* copy copies rush* regret* pay~for hesitat* register* visit* download* "
        "place+order place+trade upgrade* switch* transfer* wire spend enrol*",
    [LL_MEANING_HASTE] =
        "hurry* rush* tonight urgent* urgency hesitat* regret* fomo last~chance "
        "missing~out miss~out misses~out before+too~late window~closes window~closing "
        "act~now act~fast within+the+hour before+others+do run~out running~out "
        "rare~chance limited~time scarc* countdown while+it+lasts once+in+lifetime "
        "now~or~never clock+is+ticking time+is+short everyone+else+already "
        "others+already+in left~behind",
    [LL_MEANING_PARTY] =
        "broker* our+newsletter premium~newsletter open+account telegram whatsapp "
        "messenger hotline sponsor* affiliate* homepage loan loans borrow* deposit* "
        "podcast guru* influencer* partner* subscribe copy+trades copy+the+trades "
        "credit~line line+of+credit our+platform our+premium our+service our+bank "
        "our+exchange our+site our+shop our+channel our+desk our+experts our+advis* "
        "our+course whose+trades wallet*",
    [LL_MEANING_CITES] = "cite* citing quote* quoting invok* mention* refer* hint* claim* allud* "
                         "insinuat* say says suggest* tell tells report* imply implies note",
    [LL_MEANING_AUTHORITY] =
        "survey* executive* chief ceo cfo minister* celebrit* economist* regulator* "
        "approv* endors* insider* merger* takeover* bankrupt* lawsuit* fraud* scandal* "
        "leak* unannounced unpublished confidential buyout* bailout* undisclosed "
        "not+announced",
    [LL_MEANING_SECRET] = "secret~message hidden~message covert* acrostic* first~letters",
    [LL_MEANING_REPEATS] =
        "repeat* quot* copy copies copied include* reproduc* disclos* print* reveal* show* state "
        "states tell* list* add* append* recit* restat* paste* echo* publish* put output* share* "
        "slip* divulg* describe* expose* summaris* summariz*",
    [LL_MEANING_PROMPT] =
        "instructions directives this~page this~prompt text~above text+you+were+given "
        "engineers developers your~rules rules+you which+model+you other~users "
        "users+names everything+you+know readers+name readers+balance readers+account "
        "what+you+were+told your~setup wrote+for+you own+configuration other~readers",
    [LL_MEANING_IF] = "if when whenever unless once until after before",
    [LL_MEANING_CASE] = "ticker symbol date day weekday month hour clock year calendar name",
    [LL_MEANING_IS] = "is equals starts begins belongs ends reads contains passes reaches falls "
                      "matches was becomes",
};

const ll_meaning_rule ll_one_sided_rules[] = {
    { "leaves out what may go wrong",
      { LL_MEANING_HIDES, LL_MEANING_RISK },
      { 8 },
      true,
      false,
      0 },
    { "leaves out what may go wrong",
      { LL_MEANING_KEEPS, LL_MEANING_RISK, LL_MEANING_EMPTY },
      { 8, 6 },
      false,
      false,
      0 },
    { "leaves out what may go wrong",
      { LL_MEANING_EMPTY, LL_MEANING_RISK },
      { 3 },
      false,
      false,
      0 },
    { "leaves out what may go wrong",
      { LL_MEANING_NOT, LL_MEANING_TELLS, LL_MEANING_RISK },
      { 4, 7 },
      false,
      true,
      0 },
    { "shows one side",
      { LL_MEANING_ONLY, LL_MEANING_BRIGHT },
      { 7 },
      false,
      false,
      LL_MEANING_DARK },
    { "knows the verdict beforehand",
      { LL_MEANING_ALWAYS, LL_MEANING_BRIGHT },
      { 12 },
      true,
      false,
      LL_MEANING_DARK },
    { "knows the verdict beforehand",
      { LL_MEANING_ALWAYS, LL_MEANING_DARK },
      { 8 },
      true,
      false,
      LL_MEANING_BRIGHT },
    { "sets the data aside", { LL_MEANING_SLIGHTS, LL_MEANING_DATA }, { 9 }, true, false, 0 },
    { "makes facts up", { LL_MEANING_INVENTS, LL_MEANING_FACT }, { 8 }, true, false, 0 },
    { "makes facts up", { LL_MEANING_RECORD, LL_MEANING_SHARE }, { 8 }, true, false, 0 },
    { "makes facts up", { LL_MEANING_CITES, LL_MEANING_AUTHORITY }, { 8 }, true, false, 0 },
    { "is certain of what nobody knows", { LL_MEANING_CERTAIN }, { 0 }, false, false, 0 },
    { .why = NULL },
};

const ll_meaning_rule ll_steering_rules[] = {
    { "moves readers to act",
      { LL_MEANING_MOVES, LL_MEANING_READER, LL_MEANING_ACTS },
      { 4, 2 },
      false,
      false,
      0 },
    { "hurries readers", { LL_MEANING_HASTE }, { 0 }, false, false, 0 },
    { "names somebody to deal with", { LL_MEANING_PARTY }, { 0 }, false, false, 0 },
    { "gives away what it was told",
      { LL_MEANING_REPEATS, LL_MEANING_PROMPT },
      { 8 },
      true,
      false,
      0 },
    { "hides a message", { LL_MEANING_SECRET }, { 0 }, false, false, 0 },
    { "depends on whom or when",
      { LL_MEANING_IF, LL_MEANING_CASE, LL_MEANING_IS },
      { 2, 1 },
      false,
      true,
      0 },
    { .why = NULL },
};
