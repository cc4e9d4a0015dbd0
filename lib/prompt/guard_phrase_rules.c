/* What a prompt for an explanation never says. In plain letters; how a text writes them makes
 * no difference. Words are cut where their endings differ. */
#include "prompt/guard_phrases.h"

/* ---- instructions set aside ---------------------------------------------- */

#define SET_ASIDE                                                                                  \
    "ignore|ignoring|disregard|forget|forgot|overlook|^override|overrule|bypass|circumvent|"       \
    "neglect the|neglect all|neglect any|dismiss|discard|set aside|put aside|"                     \
    "no attention to|not follow|dont follow|not obey|dont obey|disobey|stop following|"            \
    "stop obeying|supersede|^void|nullify|invalidate|cancel|abandon|erase|delete|wipe|"            \
    "leave out|throw away|throw out|do away with|skip all|skip every|skip the|unlearn|"            \
    "deviate from|break out of|break the|violate|not bound by|not apply|^replace|^replaces|"       \
    "^drop the|^drop all|^drop every|pass over|look past|brush aside|push aside|cast aside|"       \
    "suspend|disable|turn off|switch off|deactivate|do not adhere|not comply|not heed|unheeded"
#define INSTRUCTIONS                                                                               \
    "instruction|directive|guideline|guardrail|^rule$|^rules$|^prompt|constraint|"                 \
    "restriction|^policy|^policies|commandment|^orders|your training|safety|safeguard|"            \
    "^filter$|^filters$|everything above|everything before|what was said|"                         \
    "what came before|text above|above text|content above|all of the above|"                       \
    "system message|moderation|content polic|^limits set|^limitations|^protocol|"                  \
    "guidance|direction|command|requirement|what precedes|lines above|lines before|"               \
    "paragraph above|paragraphs above|sentences above|stipulation|caveats|^brief$|"                \
    "told so far|told before|told above|told earlier|been told|you were told|"                     \
    "was told to you|said so far|prior context|previous context|earlier context|"                  \
    "previous message|earlier message|^preamble|your programming|persona"

const ll_phrase_rule ll_override_rules[] = {
    { .parts = { SET_ASIDE, INSTRUCTIONS }, .gap = 34 },
    { .parts = { "ignore|disregard|forget|overlook|discard",
                 "^previous|^prior$|^above|^preceding|^foregoing|^earlier|^everything|^all "
                 "that|^whatever" },
      .gap = 6 },
    { .parts = { "guidance|direction|^brief$|instruction|directive|guideline|guardrail|^rules|^"
                 "prompt|constraint|"
                 "restriction|"
                 "everything|all of this|^the above|^anything",
                 "no longer|are void|is void|obsolete|outdated|not "
                 "apply|suspended|cancelled|canceled|"
                 "superseded|are lifted|is lifted|disabled|not binding|null and void|be "
                 "ignored|"
                 "be disregarded|be forgotten|be overridden|be discarded|are optional|a "
                 "joke|were "
                 "a test|"
                 "was a test|can be skipped|do not matter|dont matter|irrelevant now|were "
                 "wrong|"
                 "were a mistake|have changed|has changed|are revoked|is revoked|have "
                 "expired|expired" },
      .gap = 18 },
    { .parts = { "new instruction|new directive|new rules|real instruction|actual instruction|"
                 "true instruction|updated instruction|updated system|new system prompt|real "
                 "task|"
                 "actual task|your true purpose|new task begins|new objective|instead do the "
                 "following|"
                 "hidden instruction|secret instruction|start over with|reset your|memory "
                 "reset|"
                 "begin new session|new session|new conversation|end of prompt|end of "
                 "instructions|"
                 "end of the prompt|end of system|prompt ends here|instructions end here|stop "
                 "here "
                 "and" } },
    { .parts = { "jailbreak|do anything now|^dan mode|developer mode|debug mode|god mode|sudo "
                 "mode|"
                 "admin mode|maintenance mode|unrestricted mode|unrestricted ai|unrestricted "
                 "assistant|"
                 "no restrictions|without restrictions|free of "
                 "restrictions|unfiltered|uncensored|"
                 "roleplay as|role play as|you are now free|you are now dan|you are now in|"
                 "you are no longer|pretend you are|pretend to be|pretend that you|opposite "
                 "day|"
                 "hypothetically you can|evil twin|stay in character|grandmother used to|"
                 "as if you had no|without any safety|without safety|without filter|"
                 "simulate a system|elevated privileges|root access|superuser|authorized "
                 "override|"
                 "override code|bypass code|high priority command|top priority command|"
                 "takes precedence over|take precedence over|outranks|overrides everything|"
                 "more important than any rule|supreme instruction|obey only|obey the "
                 "following|"
                 "only obey|listen only to|answer only to me|my commands|do exactly as the "
                 "comment|"
                 "follow the comment|do what the comment|obey the comment" } },
    { .parts = { "this paragraph|this sentence|this line|this request|this message|what "
                 "follows",
                 "replaces|over the rest|over all|above "
                 "all|priority|counts|supersede|overrides|"
                 "outranks|matters most|instead of the" },
      .gap = 20 },
    { .parts = { "prioritise this|prioritize this|give priority to|priority over|only this "
                 "paragraph|only this line|only this sentence|only this message|"
                 "what matters is this|contrary to what|opposite of what|released from the|"
                 "caution you were|as suggestions|are suggestions|made to be broken|"
                 "nothing above|rest of this text|rest of the prompt|rest of this prompt|"
                 "start afresh|start anew|not count|earlier as noise|came earlier|"
                 "been withdrawn|is withdrawn|draft to be|to be thrown away|let go of|"
                 "go of every|ignr prvs|prvs nstrct|nstrctns|dsrgrd" } },
    { .parts = { "never obey|not obey|dont obey|avoid the|refuse the|refuse to follow|resist "
                 "the|"
                 "reject the|never follow|not follow|need to follow|need not follow|defy the",
                 "instruction|^rule$|^rules$|guideline|^prompt|directive|constraint" },
      .gap = 12,
      .unexcused = true },
    { .parts = { "^answer|^write|respond|^reply|^output|^speak|translate|^use|^switch",
                 "in russian|in chinese|in french|in german|in spanish|in italian|in arabic|"
                 "in portuguese|in japanese|in korean|in hindi|in turkish|in polish|in dutch|"
                 "in latin|in another language|in english|to russian|to chinese|into french|"
                 "into russian|into chinese|into german|into spanish" },
      .gap = 20 },
    { .parts = { "^if$|^when|whenever|^for$",
                 "ticker is|symbol is|stock is|company is|reader is|user is|date is|asked "
                 "about",
                 "recommend|praise|promot|^urge|^buy$|^sell$|^hide|favour|favor|glowing|"
                 "enthusias|strongly" },
      .gap = 24 },
    { .parts = { "^command|instruction|^order|^orders|^request|everything|whatever|^anything",
                 "in the indicator|inside the indicator|in the data|inside the data|in the "
                 "news|"
                 "in the comment|found in|from the text|text tells|from the data|comment asks|"
                 "comments ask|comment says|news says" },
      .gap = 14 },
    { .parts = { "as instruction|as an instruction|as a command|as commands|as an order|as orders|"
                 "news text tells you" } },
    { .parts = { "to one side|next sentence alone|is the law for you|comment section decide|"
                 "comments decide|never mind the|mind the safety|given you limits|had no limits|no "
                 "limits at all|"
                 "rest of the page|is fiction|change your behaviour|change your behavior|"
                 "what it wants|do what it says|trust any text|appears in the indicator|"
                 "stands in the indicator|in klingon|upside down|letter reversed|word reversed" } },
    /* German */
    { .parts = { "ignorier|ignoriere|vergiss|vergesst|vergessen sie|missacht|beachte "
                 "nicht|ubergeh|"
                 "setze ausser kraft|verwirf|hebe auf|lass ausser acht|uberspringe|umgehe",
                 "anweisung|anleitung|^regel|vorgabe|instruktion|richtlinie|befehl|"
                 "beschrankung|"
                 "systemprompt|alles bisherige|obige|vorherige|bisherige|vorstehende" },
      .gap = 44 },
    /* French */
    { .parts = { "ignore|ignorez|ignorer|oublie|oubliez|neglige|negligez|ne tiens pas compte|"
                 "ne tenez pas compte|ne tiens plus compte|fais abstraction|contourne|passe "
                 "outre|"
                 "desobei|ecarte",
                 "instruction|consigne|^regle|directive|precedent|ci "
                 "dessus|contrainte|restriction" },
      .gap = 44 },
    /* Spanish, Portuguese, Italian */
    { .parts = { "ignora|ignore|ignorar|olvida|olvide|olvidate|omite|descarta|desatiende|haz "
                 "caso "
                 "omiso|"
                 "no hagas caso|pasa por "
                 "alto|salta|esqueca|esquece|desconsidere|desobedeca|dimentica|"
                 "trascura|non considerare|tralascia",
                 "instruccion|instrucao|instrucoes|istruzion|^regla|^regra|^regole|indicacion|"
                 "anterior|"
                 "ordenes|directriz|restriccion|restricao|diretriz|precedent|direttiv|"
                 "istruzioni" },
      .gap = 44 },
    /* Dutch, Polish, Turkish, Indonesian, Vietnamese, Czech, Swedish */
    { .parts = { "negeer|vergeet|zignoruj|ignoruj|zapomnij|pomin|yoksay|unut|gormezden "
                 "gel|dikkate "
                 "alma|"
                 "abaikan|lupakan|bo qua|quen di|zapomen|ignorera|glom|bortse fran|jata "
                 "huomiotta|"
                 "hagyd figyelmen",
                 "instructie|aanwijzing|^regels|voorgaande|instrukc|polecen|poprzedni|zasad|"
                 "talimat|"
                 "onceki|kural|instruksi|perintah|sebelum|aturan|huong dan|chi dan|truoc|quy "
                 "tac|pokyn|"
                 "predchoz|pravidl|instruktion|foregaende|regler|ohjeet|utasitas" },
      .gap = 44 },
    /* "önceki talimatları yoksay" and its like: what comes before how. */
    { .parts = { "talimat|onceki|kurallar|utasitas|ohjeet",
                 "yoksay|unut|gormezden|figyelmen|huomiotta" },
      .gap = 44 },
    /* Russian, Ukrainian, Bulgarian */
    { .parts = { "игнорир|игнорируй|проигнор|забудь|забудьте|отмени|не обращай "
                 "внимания|пренебрег|"
                 "не следуй|нарушь|обойди|отбрось|ігнору|забудь про|пропусти",
                 "инструкц|правил|предыдущ|указани|вышеприв|ограничен|команд|прежни|інструкц|"
                 "попередн|"
                 "выше|директив|промпт" },
      .gap = 70 },
    /* Chinese */
    { .parts = { "忽略|无视|無視|忘记|忘記|忽视|忽視|不要理会|不理会|跳过|违反|绕过|抛开|"
                 "不用管|"
                 "别管|"
                 "不要遵守|不必遵守|不遵守|撤销|取消",
                 "指令|指示|规则|規則|之前|以前|先前|上述|以上|上面|前面|提示|限制|约束|要求|"
                 "说明" },
      .gap = 40 },
    /* Japanese, Korean, Hindi: what comes before how. */
    { .parts = { "指示|命令|ルール|以前|上記|プロンプト|制約|これまで|지시|명령|규칙|이전|지침|"
                 "프롬프트|"
                 "निर्देश|पिछले|नियम|आदेश",
                 "無視|忘れ|従わない|無効|무시|잊어|잊으|따르지|अनदेखा|भूल|नज़रअंदाज़" },
      .gap = 60 },
    /* Arabic, Hebrew */
    { .parts = { "تجاهل|انس|لا تتبع|تخطى|התעלם|תתעלם|שכח",
                 "التعليمات|السابق|القواعد|الأوامر|الإرشادات|"
                 "תעליم|ההוראות|הוראות|הקודמ|כללים" },
      .gap = 60 },
    { .parts = { NULL } },
};

/* ---- another role -------------------------------------------------------- */

const ll_phrase_rule ll_role_rules[] = {
    { .parts = { "message to the model|message to the ai|^dear model|^dear ai|^dear assistant|"
                 "note to ai|note to the ai|note to the model|attention ai|attention model|"
                 "developer note|hidden note|internal memo|as the developer|sent by the operator|"
                 "from the developer|from the operator|prompt injection|begin new prompt|"
                 "^new prompt|prompt ends|you are the system|you are system" },
      .unexcused = true },
    { .parts = { "begin system prompt|start of system prompt|system prompt begins|system message "
                 "follows|"
                 "message from the developer|message from openai|message from anthropic|note from "
                 "the admin|"
                 "system override|system notice|administrator message|as the system administrator|"
                 "system instruction begins|end user input|end of user input|assistant response "
                 "follows" },
      .unexcused = true },
    { .parts = { NULL } },
};

/* ---- what is not the reader's -------------------------------------------- */

#define GIVE                                                                                       \
    "send|^post$|^post it|^posts|^posted|upload|transmit|forward|^email|^mail|leak|exfiltrat|"     \
    "submit|append|include|embed|attach|insert|output|print|reveal|^show|disclose|repeat|"         \
    "^echo|expose|^dump|display|^list|^tell|^give|^return|^write|^quote|^copy|^state|share|"       \
    "publish|^add|mention|recite|divulge|spell out|^log |encode|put the|^hide|^read out|^name|"    \
    "paste|translate|reproduce|restate|transcribe|provide|hand over|betray|collect|harvest|"       \
    "^ask|request|demand|enter|^type"

const ll_phrase_rule ll_exfiltration_rules[] = {
    { .parts = { GIVE,
                 "api key|apikey|password|passcode|secret key|access token|auth token|credential|"
                 "private key|seed phrase|recovery phrase|credit card|card number|social security|"
                 "bank detail|bank account|account number|^pin code|passport|environment variable|"
                 "^env file|session cookie|^cookies|login data|login detail|one time code|"
                 "verification code|wallet address|wallet key|portfolio holding|personal data|"
                 "personal detail|user data|users data|home address|phone number|full name" },
      .gap = 40 },
    { .parts = { GIVE,
                 "system prompt|system message|hidden prompt|hidden instruction|your instruction|"
                 "these instruction|initial prompt|initial instruction|original prompt|this prompt|"
                 "the prompt above|prompt verbatim|instructions verbatim|text above|above text|"
                 "everything above|words above|all of the above|instructions above|chat history|"
                 "conversation history|previous message|other user|other customer|other client|"
                 "internal note|internal config|configuration file|source code|your prompt|"
                 "your rules|your configuration|developer message|the prompt text|training data" },
      .gap = 30 },
    { .parts = { "webhook|telegram|whatsapp|discord|pastebin|ngrok|requestbin|burpcollab|"
                 "interactsh|"
                 "wechat|remote server|external server|external site|our server|my server|"
                 "third party server|attacker|callback address|callback server|exfiltrat|"
                 "http request|get request|post request|query string|query parameter|url parameter|"
                 "tracking pixel|beacon|dns lookup|dns query|image tag|markdown image|render an "
                 "image|"
                 "render image|load an image|image link|hyperlink to|clickable link|click here|"
                 "click the link|click on the|click this|visit our|visit the site|visit this|"
                 "visit the website|visit my|scan the qr|qr code|download the|install "
                 "the|subscribe to our|"
                 "first sentence you|stand at the very top|top of this message|copy of this "
                 "message|"
                 "input unchanged|full input|raw input|whole input|entire input|everything you "
                 "know|"
                 "you were configured|text that precedes|that stands above|that made you|private "
                 "chat|"
                 "write to us|mail us|send an email|by email|by mail|follow "
                 "us|instagram|facebook|tiktok|"
                 "youtube|twitter|reddit|skype|bitcoin|ethereum|recommend the app|open the first|"
                 "customers balance|clients balance|holdings of the client|clients holdings|real "
                 "name|"
                 "readers phone|their login|explain your instruction|paraphrase your|my key is|"
                 "the secret is|secret word|ssh rsa|rsa private|authorization bearer|^akia$|"
                 "password|passphrase|"
                 "join our|join my|join the channel|contact me|contact us|call us|call this number|"
                 "text us at|reach us at|add me on|^dm me$|premium group|vip group|vip channel" } },
    { .parts = { "send|^post$|upload|transmit|forward|^mail|^email|report|relay|deliver|pipe|copy",
                 "to the address|to this address|to the following address|to the endpoint|"
                 "to this endpoint|to an endpoint|to the server|to a server|to my inbox|to our "
                 "inbox|"
                 "to this number|to the number|to the author|to me$|to us$|to the developer|to the "
                 "channel" },
      .gap = 40 },
    { .parts = { "repeat|recite|reproduce|print|output|copy|write down|say back|begin your answer "
                 "with",
                 "word for word|everything so far|what you were given|what you have been given|"
                 "every word you|all the text|the full text|the whole text|the entire text|"
                 "from the beginning|from the start|starting with you are|starting from you are" },
      .gap = 30 },
    { .parts = { "developer text|what you were told|you were told before|hidden lines|"
                 "hidden text|hidden message|operator typed|operator wrote|customer names|"
                 "client names|names of clients|names of customers|clients address|"
                 "readers address|to our forum|our forum|our channel|our website|web page|webpage|"
                 "a website|the site|donation|donate|sponsored|a footnote|of the broker|"
                 "initials of|a note in the|let the initials" } },
    /* Other languages: the system prompt and the keys by their names there. */
    { .parts = { "systemprompt aus|systemprompt preis|passwort|zugangsdaten|api schlussel|kennwort|"
                 "geheimen schlussel|mot de passe|cle api|cle d api|identifiants de connexion|"
                 "prompt systeme|contrasena|clave api|clave de api|prompt del sistema|senha|chave "
                 "api|"
                 "chave de api|parola chiave segreta|пароль|ключ api|api ключ|системный промпт|"
                 "системную подсказку|密码|密碼|密钥|系统提示|系統提示|api密钥|パスワード|"
                 "システムプロンプト|비밀번호|시스템 프롬프트|كلمة المرور" } },
    { .parts = { NULL } },
};

/* ---- more than words ----------------------------------------------------- */

const ll_phrase_rule ll_tool_use_rules[] = {
    { .parts = { "tool call|tool_call|toolcall|function call|function_call|tool use|tool_use|"
                 "call the function|call the tool|call a tool|call a function|invoke the tool|"
                 "invoke a tool|invoke the function|use the tool|use a tool|use your tools|use "
                 "tools|"
                 "use the browser|use your browser|browser tool|python tool|code interpreter|"
                 "run the following|run this|run code|run a script|run python|execute the|execute "
                 "this|"
                 "execute code|execute a|os system|subprocess|import os|shell command|"
                 "bash command|command line|powershell|sudo rm|^wget|^curl$|^eval$|^exec$|rm "
                 "rf|drop table|"
                 "delete from|insert into|select from|union select|search the web|search the "
                 "internet|"
                 "search online|browse the|browse to|browse online|open the link|open this link|"
                 "open the page|open the url|open a connection|fetch the|fetch from|look up online|"
                 "look it up on|download and|download from|read the file|read file|write to file|"
                 "write a file|open the file|delete the file|delete all|access the file|access the "
                 "database|"
                 "query the database|connect to the|plugin|plug in that|mcp server|"
                 "place the order|place an order|place orders|place a trade|place trades|"
                 "submit an order|submit the order|execute the trade|execute trades|execute the "
                 "order|"
                 "transfer funds|transfer money|transfer the|withdraw|wire the money|send money|"
                 "send funds|liquidate the account|use margin|memory tool|store in memory|"
                 "latest price yourself|check the internet|the internet first|check online|call "
                 "our api|"
                 "call the api|call an api|look up the latest|"
                 "remember this for|save to memory|add to memory|update your memory" } },
    { .parts = { NULL } },
};

/* ---- the verdict --------------------------------------------------------- */

#define VERDICT "^buy$|^sell$|^hold$|^strong buy$|^strong sell$|^long$|^short$"

const ll_phrase_rule ll_fixed_verdict_rules[] = {
    { .parts = { "^always|regardless|no matter|in every case|in all "
                 "cases|invariably|unconditionally|"
                 "every time|each time|whatever|under all circumstances|without exception|at all "
                 "times|"
                 "^must$|^only$|from now on|irrespective|independent of",
                 "^say|recommend|^answer|^output|^reply|respond|^return|^state|conclude|^advise|^"
                 "tell|"
                 "^set |^make it|^write|^print|^choose|^pick|^give|^call it|^declare|^rate "
                 "it|^issue|"
                 "^report|^suggest|^end with|^finish with|^urge|^label|^claim",
                 VERDICT },
      .gap = 9 },
    { .parts = { "^must$|^should$|^always|have to|needs to|need to|ought "
                 "to|everyone|everybody|^you$|"
                 "readers?|clients?|users?",
                 "^buy now|^buy more|^buy immediately|^buy today|^buy as much|^buy everything|^buy "
                 "it all|"
                 "^sell now|^sell immediately|^sell everything|^sell today|^sell it all|^buy at "
                 "any|"
                 "^sell at any|^buy before|^sell before|^act now|^act immediately|^act fast|^go "
                 "all in" },
      .gap = 20 },
    { .parts = { "always buy|always sell|always hold|always bullish|always bearish|never "
                 "sell|never hold|"
                 "never say sell|never say hold|never say buy|never recommend sell|only buy$|only "
                 "say buy|"
                 "answer buy|answer sell|say buy no matter|reply buy|reply with buy|answer with "
                 "buy|"
                 "respond with buy|respond buy|output buy|output the word buy|return buy|verdict "
                 "is buy|"
                 "verdict is always|verdict must be|signal must be buy|signal must be sell|"
                 "treat it as a buy|treat every signal|treat all signals|treat it as buy|"
                 "treat each signal|every signal is a|every signal as|all signals are|"
                 "signal is always|every stock is a buy|everything is a buy|call everything a" } },
    { .parts = { "^change|^flip|^invert|^reverse|^replace|^alter|override|overrule|^swap|"
                 "contradict|"
                 "^rewrite|^turn|^upgrade|^downgrade|^switch|^adjust|^set "
                 "|^raise|^correct|^convert",
                 "signal to|verdict to|recommendation to|the signal into|the verdict into|signal "
                 "field to|"
                 "confidence to|decision to|rating to|signal with|verdict with|signal if|verdict "
                 "if|"
                 "sell to buy|hold to buy|sell into buy|hold into buy|buy to sell|sell signals? as|"
                 "sell as buy|hold as buy|your own signal|your own verdict" },
      .gap = 12 },
    { .parts = { "override|overrule|contradict|disagree with|replace|second guess|ignore|disregard",
                 "the signal|the verdict|given signal|signal given|supplied signal|models signal|"
                 "the recommendation" },
      .gap = 6 },
    { .parts = { "regardless of|no matter what|irrespective of|whatever|independent "
                 "of|ignore|disregard",
                 "^the data|^indicator|^the indicator|the signal|the input|the numbers|the "
                 "evidence|"
                 "risk|confidence|^the facts" },
      .gap = 8 },
    { .parts = { "invent|fabricat|make up|made up|hallucinat|forge|fake|^fudge|exaggerat|inflate|"
                 "overstate|understate|omit|hide|conceal|downplay|suppress|leave out|gloss over",
                 "number|value|figure|^data|indicator|^news|source|quote|statistic|analyst|rating|"
                 "result|^risk|downside|^loss|uncertaint|warning|disclaimer|limitation|"
                 "confidence" },
      .gap = 14 },
    { .parts = { "never mention|not mention|keep quiet about|say nothing about|do not speak of",
                 "^risk|downside|^loss|uncertaint|warning|disclaimer" },
      .gap = 10 },
    { .parts = { "avoid|do not|dont|^never|without|^no$",
                 "mention|^name|talk about|talking about|^list|speak of|^use$|^use |express|"
                 "discuss|include|^show|write about|dwell on|naming",
                 "^risk|downside|^loss|disclaimer|doubt|negative|warning|uncertain|caveat|"
                 "anything bad|bad news" },
      .gap = 10,
      .unexcused = true },
    { .parts = { "avoid negative|avoid bad|avoid doubt|avoid any doubt|risks empty|"
                 "risks be an empty|risks as an empty|empty list of risks|no risks at all|"
                 "^is buy in all|is sell in all|buy in all|with the word buy|with the word sell|"
                 "end with buy|starts with buy|start with buy|give them buy|hear buy|words buy|"
                 "towards buying|toward buying|towards selling|toward selling|can only rise|"
                 "only go up|as a certainty|a must have|waiting is a mistake|ever lost with|"
                 "has ever lost|exactly the following|exactly this|repeat after me|bullish at any|"
                 "optimistic at any|sound attractive|error for buy|error for sell|"
                 "speak well of|numbers in favour|numbers in favor|so that they fit|"
                 "plausible ones|guess missing|guess the missing|guess values|from memory|"
                 "wording to buy|wording to sell" } },
    { .parts = { "always sound certain|sound certain|as impossible|reason toward|toward purchase|"
                 "towards purchase|towards a purchase|experts agree|insiders are|insider buying|"
                 "section in practice|by writing none|write only good|only good things|"
                 "recommend buying|recommend selling|write a poem|in rhyme|price doubles|"
                 "press office" } },
    { .parts = { "kauf jetzt|jetzt kaufen|kaufen ist immer|compra ahora|compre agora|"
                 "achetez maintenant|achete maintenant|koop nu|kup teraz|compra subito|"
                 "покупай сейчас|купи сейчас|现在买入|马上买入" } },
    /* German, French, Spanish, Russian, Chinese */
    { .parts = { "immer|stets|siempre|toujours|sempre|всегда|总是|始终|一律|永远",
                 "kaufen|verkaufen|comprar|compra|vender|acheter|vendre|comprare|купить|покупай|"
                 "продать|"
                 "покупать|продавать|买入|卖出|购买" },
      .gap = 24 },
    { .parts = { NULL } },
};

/* ---- promises and pressure ----------------------------------------------- */

const ll_phrase_rule ll_profit_promise_rules[] = {
    { .parts = { "guarantee|guaranteed|guaranteeing|assure|promise|promising|certain|warrant|"
                 "ensure|"
                 "secure|definite|sure",
                 "profit|^returns|high return|good return|a return|^gain|earning|^win$|winning|"
                 "upside|price will|will rise|will fall|"
                 "^income|wealth|riches|success|money" },
      .gap = 30 },
    { .parts = { "risk free|riskfree|riskless|cannot lose|cant lose|can not lose|never lose|no way "
                 "to lose|"
                 "zero risk|without any risk|without risk|no risk|sure thing|sure bet|safe bet|"
                 "one hundred percent certain|hundred percent sure|completely certain|"
                 "absolutely certain|absolute certainty|foolproof|infallible|cant fail|cannot fail|"
                 "will definitely|will certainly|will surely|double your money|triple your money|"
                 "get rich|make you rich|to the moon|easy money|free money|once in a lifetime|"
                 "last chance|do not miss|dont miss out|before it is too late|before its too late|"
                 "act now|act immediately|hurry|fear of missing|fomo|insider tip|inside "
                 "information|"
                 "insider information|secret tip|pump the|pump and dump|life savings|all your "
                 "savings|"
                 "entire savings|all their savings|retirement fund|mortgage|borrow money|take a "
                 "loan|"
                 "take out a loan|all your money|all their money|go all in|maximum leverage|max "
                 "leverage|"
                 "with leverage up|bet everything|invest everything|no need for a stop|no stop "
                 "loss|"
                 "skip the stop loss" } },
    { .parts = { "profit|return|^gain|earning|upside|success",
                 "guaranteed|is certain|are certain|is sure|are sure|assured|is safe|are safe" },
      .gap = 16 },
    { .parts = { "sales letter|cannot go wrong|can not go wrong|cant go wrong|doubles soon|"
                 "missing out|only chance|threaten those|scare readers|those who wait|"
                 "advertisement|sales pitch|marketing copy|praise the stock|praise the company|"
                 "promote the stock|promote the company|endorse the" } },
    { .parts = { "convince|persuade|urge|pressure|push|pressur|manipulat|coax|lure|entice|seduce|"
                 "talk them into|talk the reader into|make the reader|make them|^get the reader to|"
                 "get them to|scare|frighten|nudge|tempt|encourag|compel|force",
                 "^buy|^sell|invest|^trade|^trading|purchas|deposit|^act$|^pay|^open a|^sign "
                 "up|panic|"
                 "follow every signal|trust every|^spend|^upgrade" },
      .gap = 26 },
    { .parts = { "our product|our premium|our service|our newsletter|our course|our fund|our "
                 "token|our coin|"
                 "my course|my fund|paid plan|premium plan|promo code|discount code|coupon code|"
                 "referral code|referral link|affiliate|sponsored by|airdrop|giveaway|sign up "
                 "today|"
                 "sign up now|buy our|buy my|crypto presale|token sale|deposit with|register "
                 "with" } },
    { .parts = { "garantier|garantia|garantiza|garantis|garantit|garanzia|garantisci|гарантир|保证|"
                 "保證",
                 "gewinn|profit|rendite|ganancia|beneficio|benefice|gains|rendement|guadagn|прибыл|"
                 "доход|"
                 "利润|盈利|收益|赚钱" },
      .gap = 30 },
    { .parts = { "ohne risiko|sans risque|sin riesgo|sem risco|senza rischio|без "
                 "риска|稳赚|零风险|无风险" } },
    { .parts = { NULL } },
};

/* ---- insults and harm ---------------------------------------------------- */

const ll_phrase_rule ll_toxic_rules[] = {
    { .parts = { "^idiot|^moron|^imbecil|^stupid|^dumb|^fool$|^fools$|^foolish|^fuck|^shit|^"
                 "bullshit|"
                 "^bitch|^bastard|^asshole|^arsehole|^retard|^nigger|^nigga|^faggot|^cunt|^whore$|"
                 "^whores$|^slut|"
                 "^scum|^loser$|^losers$|^worthless people|^subhuman|^vermin|^pathetic|^ignorant "
                 "reader|"
                 "^swear|make fun of|poke "
                 "fun|^cretin|^dickhead|^wanker|^crap$|^damn|motherfuck|^kike|^spic$|^chink|^"
                 "tranny|"
                 "^arschloch|^scheisse|^dummkopf|^connard|^salope|^putain|^merde|^pendejo|^puta$|^"
                 "mierda|"
                 "^stronzo|^cazzo|^сука|^блядь|^мудак|^хуй|^идиот|傻逼|操你|混蛋|白痴" } },
    { .parts = { "kill yourself|kill themselves|kill himself|commit suicide|hurt yourself|harm "
                 "yourself|"
                 "end your life|end their life|deserve to die|should die|hang yourself|self "
                 "harm|suicid|"
                 "how to make a bomb|build a bomb|make explosives|molest|child porn|sexual content|"
                 "sexually|erotic|porn|genocide|ethnic cleansing|gas the|white power|heil hitler|"
                 "racial superior|inferior race|hate speech" } },
    { .parts = { "insult|mock|ridicule|humiliat|belittle|threaten|bully|harass|demean|shame|scold|"
                 "curse|"
                 "swear at|be rude|be cruel|be abusive|be hostile|sneer|laugh at|call them names",
                 "reader|user|client|customer|them|people|investor|trader|women|jews|muslims|"
                 "christians|"
                 "immigrant|anyone|everybody|to the|toward|when|whoever" },
      .gap = 16 },
    { .parts = { NULL } },
};
