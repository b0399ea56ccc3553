using System.CommandLine;

namespace Gatehouse.Cli;

/// <summary>Arguments and options that take one of a few words.</summary>
internal static class Words
{
    internal static Argument<string> OneOf(Argument<string> argument, params string[] words)
    {
        argument.AcceptOnlyFromAmong(words);
        return argument;
    }

    internal static Option<T> OneOf<T>(Option<T> option, params string[] words)
    {
        option.AcceptOnlyFromAmong(words);
        return option;
    }
}
