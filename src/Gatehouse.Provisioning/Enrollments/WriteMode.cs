namespace Gatehouse.Provisioning.Enrollments;

/// <summary>What a write of an enrollment may do.</summary>
internal enum WriteMode
{
    /// <summary>Only create.</summary>
    Create,

    /// <summary>Only change what is there.</summary>
    Update,
}
