# A small module system, for machines that have Nix but no nixpkgs: as much of
# nixpkgs' lib as the modules under test and their surroundings use, with the
# same rules for merging, priorities and types. NIXWRIGHT_NIXPKGS_LIB names the
# real one, which the tests use instead where it is set.
let
  inherit (builtins)
    all
    any
    attrNames
    concatMap
    elem
    filter
    foldl'
    head
    isAttrs
    isFunction
    isList
    length
    listToAttrs
    map
    tail
    ;

  show = builtins.concatStringsSep ".";
  unique = foldl' (seen: x: if elem x seen then seen else seen ++ [ x ]) [ ];
  genAttrs = names: f: listToAttrs (map (name: { inherit name; value = f name; }) names);
  namesOf = sets: unique (concatMap attrNames sets);
  isTagged = tag: value: isAttrs value && value._type or null == tag;

  # On the way to an option a definition becomes plain sets: mkIf and mkOverride
  # move into the attributes, so that no condition is looked at too early.
  push =
    value:
    if isTagged "merge" value then
      concatMap push value.contents
    else if isTagged "if" value then
      map (builtins.mapAttrs (_: mkIf value.condition)) (push value.content)
    else if isTagged "override" value then
      map (builtins.mapAttrs (_: mkOverride value.priority)) (push value.content)
    else
      [ value ];
  below = name: concatMap (set: if set ? ${name} then push set.${name} else [ ]);
  at = name: concatMap (set: if set ? ${name} then discharge 100 set.${name} else [ ]);

  # At an option it becomes values with priorities.
  discharge =
    prio: value:
    if isTagged "merge" value then
      concatMap (discharge prio) value.contents
    else if isTagged "if" value then
      (if value.condition then discharge prio value.content else [ ])
    else if isTagged "override" value then
      discharge value.priority value.content
    else
      [ { inherit prio value; } ];

  mergeLeaf =
    loc: option: defs:
    let
      defined = defs ++ (if option ? default then [ { prio = 1500; value = option.default; } ] else [ ]);
      best = foldl' (a: d: if d.prio < a then d.prio else a) 9999 defined;
      values = map (d: d.value) (filter (d: d.prio == best) defined);
      wrong = filter (v: !option.type.check v) values;
    in
    if defined == [ ] then
      throw "option ${show loc} is used but not defined"
    else if wrong != [ ] then
      throw "option ${show loc} is not of type ${option.type.name}: ${builtins.toJSON wrong}"
    else
      option.type.merge loc values;

  evalTree =
    loc: options: sets:
    builtins.mapAttrs (
      name: option:
      if isTagged "option" option then
        mergeLeaf (loc ++ [ name ]) option (at name sets)
      else
        evalTree (loc ++ [ name ]) option (below name sets)
    ) options;

  undeclared =
    loc: options: sets:
    concatMap (
      name:
      let
        here = loc ++ [ name ];
      in
      if !options ? ${name} then
        [ (show here) ]
      else if isTagged "option" options.${name} then
        [ ]
      else
        undeclared here options.${name} (below name sets)
    ) (namesOf sets);

  mergeOptions =
    a: b:
    a
    // builtins.mapAttrs (
      name: option:
      if !a ? ${name} then
        option
      else if isTagged "option" a.${name} || isTagged "option" option then
        throw "option ${name} is declared twice"
      else
        mergeOptions a.${name} option
    ) b;

  evalModules =
    {
      modules,
      specialArgs ? { },
    }:
    let
      load =
        module:
        let
          read = if isAttrs module || isFunction module then module else import module;
          full = if isFunction read then read (specialArgs // { inherit config lib options; }) else read;
          split = full ? options || full ? config;
        in
        [
          {
            options = full.options or { };
            config = if split then full.config or { } else removeAttrs full [ "imports" ];
          }
        ]
        ++ concatMap load (full.imports or [ ]);
      loaded = concatMap load modules;
      options = foldl' mergeOptions { } (map (m: m.options) loaded);
      sets = concatMap (m: push m.config) loaded;
      unknown = undeclared [ ] options sets;
      config = evalTree [ ] options sets;
    in
    {
      inherit options;
      config =
        if unknown == [ ] then config else throw "option ${head unknown} does not exist";
    };

  # ---- types: which values, and how several become one -----------------------
  same =
    loc: values:
    if all (v: v == head values) values then
      head values
    else
      throw "option ${show loc} has conflicting definitions: ${builtins.toJSON values}";
  simple = name: check: { inherit name check; merge = same; };
  types = rec {
    str = simple "string" builtins.isString;
    bool = simple "boolean" builtins.isBool;
    int = simple "integer" builtins.isInt;
    ints.positive = simple "positive integer" (v: int.check v && v > 0);
    ints.unsigned = simple "unsigned integer" (v: int.check v && v >= 0);
    port = simple "port" (v: int.check v && v >= 0 && v < 65536);
    path = simple "absolute path" (v: builtins.substring 0 1 (toString v) == "/");
    package = simple "package" (v: isAttrs v && v.type or null == "derivation");
    enum = values: simple "one of ${builtins.toJSON values}" (v: elem v values);
    strMatching = pattern: simple "string matching ${pattern}" (v: str.check v && builtins.match pattern v != null);
    lines = str // { merge = _: builtins.concatStringsSep "\n"; };
    raw = simple "any value" (_: true);
    nullOr = t: {
      name = "null or ${t.name}";
      check = v: v == null || t.check v;
      merge = loc: values: if any (v: v == null) values then same loc values else t.merge loc values;
    };
    either = a: b: {
      name = "${a.name} or ${b.name}";
      check = v: a.check v || b.check v;
      merge = loc: values: (if all a.check values then a else b).merge loc values;
    };
    listOf = t: {
      name = "list of ${t.name}";
      check = isList;
      merge = loc: values: map (v: mergeLeaf (loc ++ [ "*" ]) { type = t; } [ { prio = 100; value = v; } ]) (builtins.concatLists values);
    };
    attrsOf = t: {
      name = "set of ${t.name}";
      check = isAttrs;
      merge =
        loc: values:
        genAttrs (filter (name: at name values != [ ]) (namesOf values)) (
          name: mergeLeaf (loc ++ [ name ]) { type = t; } (at name values)
        );
    };
    anything = {
      name = "anything";
      check = _: true;
      merge = loc: values: if all isAttrs values then (attrsOf anything).merge loc values else same loc values;
    };
    submodule = module: {
      name = "submodule";
      check = isAttrs;
      merge =
        loc: values:
        (evalModules {
          modules = [ module ] ++ map (config: { inherit config; }) values;
          specialArgs.name = builtins.elemAt loc (length loc - 1);
        }).config;
    };
    # A set with exactly one of these names.
    attrTag = tags: {
      name = "one of the tags ${show (attrNames tags)}";
      check = v: isAttrs v && length (attrNames v) == 1 && tags ? ${head (attrNames v)};
      merge =
        loc: values:
        let
          tag = same loc (map (v: head (attrNames v)) values);
        in
        { ${tag} = tags.${tag}.type.merge (loc ++ [ tag ]) (map (v: v.${tag}) values); };
    };
  };

  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkOverride = priority: content: { _type = "override"; inherit priority content; };
  mkOption = option: option // { _type = "option"; };

  lib = {
    inherit
      evalModules
      genAttrs
      mkIf
      mkOption
      types
      unique
      ;
    inherit (builtins) concatStringsSep;
    mkEnableOption = what: mkOption { type = types.bool; default = false; description = "Whether to enable ${what}."; };
    mkForce = mkOverride 50;
    mkDefault = mkOverride 1000;
    mkMerge = contents: { _type = "merge"; inherit contents; };
    literalMD = text: text;
    literalExpression = text: text;
    optional = yes: x: if yes then [ x ] else [ ];
    optionals = yes: xs: if yes then xs else [ ];
    optionalAttrs = yes: set: if yes then set else { };
    subtractLists = without: filter (x: !elem x without);
    findFirst = yes: none: xs: let found = filter yes xs; in if found == [ ] then none else head found;
    splitString = separator: text: filter builtins.isString (builtins.split "[${separator}]" text);
    hasAttrByPath = path: set: path == [ ] || (isAttrs set && set ? ${head path} && lib.hasAttrByPath (tail path) set.${head path});
    getAttrFromPath = path: set: foldl' (s: name: s.${name}) set path;
    removeSuffix =
      suffix: text:
      let
        keep = builtins.stringLength text - builtins.stringLength suffix;
      in
      if keep >= 0 && builtins.substring keep (-1) text == suffix then builtins.substring 0 keep text else text;
  };
in
lib
