package config_test

// Which test shows which rule of .NET's configuration, host settings, environment
// and options, and where we differ. Those in package host are named with it.
//
//	CF-1   TestTheLastSourceWinsPerKey, host.TestTheLastSourceWins
//	       FXHOST_ variables and the command line are read first, too, for the
//	       environment and the content root.
//	CF-2   host.TestReloadingCanBeTurnedOff
//	CF-3   TestApplicationSettingsLieOverAppSettings
//	CF-4   TestAppSettingsLayersTheFilesOfTheEnvironment
//	CF-5   host.TestAnEmptyBuilderReadsNothing
//	CF-6   host.TestAnEmptyBuilderReadsNothing
//	CF-7   A Manager is a value that the garbage collector frees; the Watcher stops
//	       with the host: host.TestTheWatcherIsTheFirstService
//	CF-8   TestLaterSourcesTakeEffectAtOnce
//	CF-9   Does not apply: there is one builder, without callbacks.
//	CG-1   TestTheLastSourceWinsPerKey TestListsMergeByIndex FuzzMerge
//	CG-2   TestEnvironmentMapsNamesToKeys TestThePrefixIsNormalisedToo FuzzEnvironment
//	CG-3   TestConnectionStringsOfHostingServices
//	CG-4   TestWithoutAListTheProcessIsRead
//	       Reload reads the environment again; nothing else does.
//	CG-5   TestCommandLineForms TestASlashIsASwitchWhereItIsAllowed FuzzCommandLine
//	       But for key=value without dashes, which is an error.
//	CG-6   TestOtherArgumentsAreErrors TestFlagsCanBeNegated
//	       There are flags, and what is no setting is an error.
//	CG-7   TestCommandLineForms
//	       A value that begins with -- needs the form with =.
//	CG-8   TestCommandLineForms
//	CG-9   TestSwitchesAreOtherNamesOfKeys TestABadSwitchIsAnError
//	CG-10  TestEachFileOfAFolderIsAKey TestAFolderOfKeysIsReloaded
//	CG-11  TestAMissingOptionalFileIsEmpty TestAMissingRequiredFileIsNamed TestTheWatcherSurvivesWhatEditorsDo
//	       A required file that has gone makes a reload fail; values are never cleared.
//	CG-12  TestTheWatcherSurvivesWhatEditorsDo TestTheWatcherPollsWhenItIsTold
//	CG-13  TestJSONWithCommentsAndTrailingCommas TestANullReadsAsNotSet TestAnEmptyListReplacesTheDefault TestGetReturnsText
//	       Booleans are written true and false.
//	CG-14  TestSecretsAreSetReadAndRemoved TestSecretsThatOthersMayReadAreRefused
//	CG-15  TestSubscribersSeeEachChangeOnceOldAndNew
//	       A subscription lasts until it is stopped.
//	HO-1   host.TestABadOptionIsAnErrorOfBuild
//	       It is an error.
//	HO-2   host.TestOptionsComeFromConfigurationAndCode
//	HO-3   host.TestOptionsComeFromConfigurationAndCode
//	HO-4   host.TestABadOptionIsAnErrorOfBuild
//	       A shutdown timeout of zero is an error, since nothing could stop in it.
//	HO-5   hosted.OnFault is an option of each service, in code only.
//	EV-1   host.TestTheLastSourceWins
//	EV-2   host.TestTheLastSourceWins
//	       The default is the name of the executable.
//	EV-3   host.TestTheLastSourceWins
//	       A relative content root starts from the working directory.
//	EV-4   Does not apply: what comes last in the configuration wins.
//	OP-1   TestOptionsStayMonitorsFollowSnapshotsAreConstant
//	OP-2   TestOptionsStayMonitorsFollowSnapshotsAreConstant
//	OP-3   TestAMonitorFollowsTheManager TestSubscribersSeeEachChangeOnceOldAndNew
//	OP-4   TestValidatorsSeeCompleteValuesInOrder
//	OP-5   TestNamedValues
//	OP-6   TestValidatorsSeeCompleteValuesInOrder TestEverythingIsValidatedBeforeAnyHostedServiceIsConstructed
//	OP-7   TestEverythingIsValidatedBeforeAnyHostedServiceIsConstructed
//	       Validation is always eager.
//	OP-8   TestEverythingIsValidatedBeforeAnyHostedServiceIsConstructed TestNamedValues
//	OP-9   TestASectionIsCheckedThoughNobodyUsesIt
//	       No options are left out.
//	OP-10  TestOneMonitorThatRefusesKeepsEverythingAsItWas TestReadersNeverSeeAnInvalidValue
//	       The last right values stay.
//	OP-11  TestOptionsStayMonitorsFollowSnapshotsAreConstant
//	OP-12  Package validate: TestEachBrokenRuleIsNamedWithItsPlace
//
// The pitfalls of viper, each with a test: V1 TestReadersSeeWholeSnapshotsDuringReload
// TestReadersNeverSeeAnInvalidValue; V2, V3 TestTheWatcherSurvivesWhatEditorsDo; V4, V5
// leak_test.go, and no viper ever watches; V6 TestChildrenAreInOrderAndKeepTheirCase
// TestKeysOfOneFileThatDifferInCaseAreNamedWithTheirLines; V7, V9, V14
// TestViperIsAPrivateCopy; V8, V10 TestStringsOfTheEnvironmentAreConverted
// TestEnvironmentMapsNamesToKeys; V11 TestTheLastSourceWinsPerKey; V12
// TestCurrentDoesNotAllocate; V13 TestTheWatcherSurvivesWhatKubernetesDoes.
