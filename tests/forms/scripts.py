"""Names in many scripts, and strings that break things: each is a text that a record may hold."""

#: script -> a text in it that the fonts which are always there draw
SCRIPTS = {
    "Latin": "AT&T Ærøskøbing – ½ office",
    "Greek": "Ελλάς Αθήνα",
    "Cyrillic": "Газпром нефть",
    "Vietnamese": "Công ty Việt Nam",
    "Georgian": "მაგალითი",
    "Thai": "บริษัท ตัวอย่าง จำกัด ที่นี่",
    "Devanagari": "उदाहरण प्राइवेट लिमिटेड क्षत्रिय हिन्दी",
    "Marks": "x̂ ʼn q̃",
    "Arrows": "Berlin → Wien",
}
#: read from right to left
BACKWARDS = {
    "Arabic": "شركة المثال المحدودة",
    "Persian": "می‌خواهم شرکت",
    "Urdu": "کمپنی پاکستان",
    "Hebrew": "חברת דוגמה בע״מ",
    "Lam-alef": "لا الله الإسلام",
}
EAST_ASIAN = {
    "Japanese": "株式会社サンプル 神﨑",
    "Korean": "주식회사 예제",
    "Simplified Chinese": "示例科技有限公司",
    "Traditional Chinese": "範例科技股份有限公司",
}

NASTY = {
    "override": "Acme \u202egnirts\u202c Ltd",
    "override without end": "Acme \u202e\u202e\u202eevil",
    "isolates without end": "\u2066\u2067\u2068x",
    "ends without isolates": "\u2069\u2069\u202c\u202cx",
    "marks only": "\u0301\u0302\u0303",
    "zalgo": "Z" + "\u0337\u0330\u0300\u035c" * 75 + "algo",
    "Hebrew zalgo": "ש" + "\u05b0\u05b1\u05bc" * 60,
    "emoji family": "👨‍👩‍👧‍👦 and 🏳️‍🌈 and 🇩🇪",
    "emoji selector": "❤️ ❤︎ 1️⃣",
    "tags": "🏴\U000e0067\U000e0062\U000e007f",
    "selectors": "a\ufe0f葛\U000e0100b",
    "invisible": "a\u200b\u2060\ufeff\xad\u034fb",
    "joiners": "\u200d\u200c\u200d",
    "filler": "\u3164\u115f\uffa0",
    "noncharacters": "\ufdd0\ufffe\uffff",
    "surrogates": "a\ud800\udfffb",
    "controls": "a\x00\x01\x1b[31mb\x7f\x85\x9b",
    "spaces": "\u2003a\u3000b\u202fc\u1680d\u2028e",
    "private": "\ue000\U000f0000",
    "unassigned": "\u0378\U000e0ffe",
    "astral": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 \U00020bb7野家",
    "mixed": "Acme شركة (2026) AB-7 المثال [x] «y» 50%",
    "numbers": "١٢٣ ۴۵۶ १२३ ๑๒๓",
    "brackets": "(((([[[[{{{{א}}}}]]]]))))",
    "long word": "x" * 3000,
    "long Thai": "บริษัทตัวอย่างจำกัด" * 60,
    "long Arabic": "كتاب" * 300,
    "long Chinese": "示例科技有限公司" * 100,
    "ligature": "ﷺ ﷽ ﬁ",
    "Bengali and Tamil": "বাংলা தமிழ்",
    "Arabic signs": "\u0600١٢ \u06dd١",
    "injection": "</p>{{ 7*7 }}<script>alert(1)</script> %s \\ ' \"",
}
