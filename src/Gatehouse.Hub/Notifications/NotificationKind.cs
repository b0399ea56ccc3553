namespace Gatehouse.Hub.Notifications;

/// <summary>Kinds of notifications for back ends, each a queue of its own. The numbers are stored.</summary>
public enum NotificationKind
{
    /// <summary>What became of messages to devices: <c>/messages/serviceBound/feedback</c>.</summary>
    Feedback = 0,

    /// <summary>Files that devices uploaded: <c>/messages/serviceBound/filenotifications</c>.</summary>
    FileNotification = 1,
}
