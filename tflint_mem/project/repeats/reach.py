"""What a call or a function runs: the functions of the project in the order of a breadth-first search, each once."""


def run_by(project, kind, m, calls, depth):
    """Yield (module, scope, calls in between) of the functions that these calls of module `m` run, themselves (0) or through others.

    kind    under which the steps are counted       depth   how many calls in between there may be
    """
    waiting, seen = [(m, calls, 0)], set()
    for fm, numbers, level in waiting:
        project.searches.count(kind)
        for i in numbers:
            for target, scope in project.functions_called(fm, i):
                if (target.index, scope) not in seen:
                    seen.add((target.index, scope))
                    yield target, scope, level
                    if level < depth:
                        waiting.append((target, target.scope_calls(scope), level + 1))
