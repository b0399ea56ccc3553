namespace Gatehouse.Hub.CloudToDevice;

/// <summary>Names of locks. What holds a message shows in the version of the uuid: 4 a session, of which a device has one at a time, 7 a poll over HTTPS.</summary>
internal static class LockTokens
{
    /// <summary>SQL: whether the token in <c>lock_token</c> is a session's.</summary>
    internal const string IsOfSession = "substr(lock_token, 15, 1) = '4'";

    internal static Guid OfSession() => Guid.NewGuid();

    internal static Guid OfPoll(DateTimeOffset now) => Guid.CreateVersion7(now);
}
